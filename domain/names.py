"""What people call things."""

from domain.errors import InvalidInput

MAX_NAME_CHARACTERS = 200


def checked_name(name: str) -> str:
    """Without surrounding white space. Raises InvalidInput naming `name`."""
    name = name.strip()
    if not name:
        raise InvalidInput("name", "Give it a name.")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInput("name", f"At most {MAX_NAME_CHARACTERS} characters.")
    return name
