/* sid.h - identifiers of sessions as text. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_SID_H
#define EIO_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EIO_SID_OCTETS 15
#define EIO_SID_LEN 20

/* Write an identifier, which is not terminated. RFC 4648 section 5. */
void eio_sid_write(const uint8_t octets[EIO_SID_OCTETS], char out[EIO_SID_LEN]);

/* Read an identifier from text of any length, which need not be terminated.
 * Returns false, with octets undefined, when it is none. */
bool eio_sid_read(const char *text, size_t len, uint8_t octets[EIO_SID_OCTETS]);

#endif
