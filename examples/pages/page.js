/* page.js - what the pages of the examples have in common. */
/* SPDX-License-Identifier: MIT */

const byId = (id) => document.getElementById(id);

/* Put a line at the top of a list. Text is never read as HTML. */
function show(list, ...parts) {
	const line = document.createElement("li");
	line.append(...parts);
	byId(list).prepend(line);
}

/* Call a function when a form is sent, and stay on the page. */
function onSubmit(form, call) {
	byId(form).addEventListener("submit", (event) => {
		event.preventDefault();
		call();
	});
}

/* Return the text of a field, and empty it. */
function take(field) {
	const { value } = byId(field);
	byId(field).value = "";
	return value;
}
