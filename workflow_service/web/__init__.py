"""Pages and JSON: parse a request, call one verb, render its answer."""
