"""The documents that follow from the register are those in the repository."""

from api.documents import documents


def test_the_committed_documents_are_those_the_register_gives() -> None:
    for path, text in documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run make docs"
