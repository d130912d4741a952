"""What people call things."""

from domain.errors import InvalidInput
from domain.unicode_text import is_one_line

MAX_NAME_CHARACTERS = 200


def checked_name(name: str) -> str:
    """Without surrounding white space. Raises InvalidInput naming `name`."""
    name = name.strip()
    if not name:
        raise InvalidInput("name", "Give it a name.")
    if not is_one_line(name):
        raise InvalidInput("name", "One line, without control characters.")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInput("name", f"At most {MAX_NAME_CHARACTERS} characters.")
    return name
