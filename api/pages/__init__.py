"""The pages: what people look at, drawn on the server from the same answers as the API gives."""
