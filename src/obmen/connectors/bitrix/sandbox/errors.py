"""How the shop refuses: REST errors with their code and HTTP status.

Codes are kept as the vendor sends them: numbers from the older views, strings from the newer controllers.
"""


class RestError(ValueError):
    """One refused REST call."""

    def __init__(self, code: int | str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


def access_denied(code: int | str = 200040300010) -> RestError:
    """Refuse for want of rights; the code says whether reading or writing was asked."""
    return RestError(code, "Access Denied", status=400)


def missing_parameter(name: str) -> RestError:
    """Refuse a call without one of its arguments."""
    return RestError(100, f"Could not find value for parameter {{{name}}}")


def required_fields(names: list[str]) -> RestError:
    """Refuse an entity without its obligatory fields."""
    return RestError(0, f"Required fields: {', '.join(names)}")
