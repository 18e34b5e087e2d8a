"""Answers as files: in which forms they can be asked for, and how that is described."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response

from api.exports.files import FILES, File, Sheet, download, media_of, written

Format = Literal["json", "csv", "xlsx", "parquet"]
As = Annotated[
    Format,
    Query(description="As what it is told; a file is whole, and does not come in pages."),
]
AS_FILES: dict[str, Any] = {
    "content": {
        media_of(one).partition(";")[0]: {
            "schema": {"type": "string"} | ({} if one == "csv" else {"contentEncoding": "binary"})
        }
        for one in FILES
    }
}
"""What an operation says of its answer, beside the JSON."""


def as_file(sheets: Sequence[Sheet], file: File, name: str) -> Response:
    """Answer with tables as a file of this name."""
    return download(written(sheets, file), media_of(file), f"{name}.{file}")
