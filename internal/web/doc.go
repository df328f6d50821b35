// Package web is what people see in a browser. So far that is the way of a seller:
// a page that says who asks for what, Amazon's consent page, and the way back with
// success or with plain words of what to do; or the way from Amazon's side, which
// begins there.
package web
