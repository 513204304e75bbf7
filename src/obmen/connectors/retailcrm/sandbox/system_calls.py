"""Methods about the account itself: versions, rights of the key, settings, staff, integration modules."""

from typing import Any

from obmen.connectors.retailcrm.sandbox.calls import Answer, Ask, Method, numeric_id, paged
from obmen.connectors.retailcrm.sandbox.errors import ApiError, not_found
from obmen.connectors.retailcrm.sandbox.rows import User

UNVERSIONED = ("api-versions", "credentials", "system-info")


def versions(_: Ask) -> Answer:
    """Tell the versions of the API."""
    return Answer({"versions": ["3.0", "4.0", "5.0"]})


def credentials(ask: Ask) -> Answer:
    """Tell what the key may do."""
    limited = bool(ask.key.sites)
    return Answer(
        {
            "scopes": list(ask.key.scopes),
            "credentials": [],
            "siteAccess": "access_selective" if limited else "access_full",
            **({"sitesAvailable": list(ask.key.sites)} if limited else {}),
        }
    )


def system_info(_: Ask) -> Answer:
    """Tell what runs here."""
    return Answer(
        {
            "systemVersion": "8.1.51",
            "publicUrl": "https://shop.retailcrm.example",
            "technicalUrl": "https://technical.retailcrm.example",
        }
    )


def settings(ask: Ask) -> Answer:
    """Tell the settings; the time zone is the one of every moment in the API."""
    changed = "2025-12-02 14:54:16"
    return Answer(
        {
            "settings": {
                "default_currency": {"value": "RUB", "updated_at": changed},
                "system_language": {"value": "RU", "updated_at": changed},
                "timezone": {"value": ask.state.setup.time_zone, "updated_at": changed},
                "work_times": [],
            }
        }
    )


def list_users(ask: Ask) -> Answer:
    """List the staff."""
    wanted = ask.filter()

    def fits(user: User) -> bool:
        return (not wanted.get("email") or wanted["email"] == user.email) and (
            "active" not in wanted or (str(wanted["active"]) == "1") == user.active
        )

    return paged(ask, "users", [user for user in ask.state.users if fits(user)], shown_user)


def get_user(ask: Ask) -> Answer:
    """Show one person of the staff."""
    user = ask.state.users.get(numeric_id(ask.path["id"]))
    if user is None:
        raise not_found()
    return Answer({"user": shown_user(user)})


def shown_user(user: User) -> dict[str, Any]:
    """Show a person of the staff."""
    return {
        "id": user.id,
        "createdAt": "2024-01-10 09:00:00",
        "active": user.active,
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "status": "free",
        "online": True,
        "isAdmin": user.is_admin,
        "isManager": user.is_manager,
        "groups": [{"id": 25, "name": "Менеджеры", "code": user.group}],
    }


def get_module(ask: Ask) -> Answer:
    """Show an integration module."""
    module = ask.state.modules.get(ask.path["code"])
    if module is None:
        raise not_found()
    return Answer({"integrationModule": module})


def edit_module(ask: Ask) -> Answer:
    """Register a module, or change it; its code is unique."""
    given, code = ask.part("integrationModule"), ask.path["code"]
    held = ask.state.modules.get(code)
    absent = [name for name in ("integrationCode", "name", "clientId") if not (held or given).get(name)]
    if absent:
        raise ApiError(
            400, "Errors in the entity format", dict.fromkeys(absent, "This value should not be blank.")
        )
    ask.state.modules[code] = {
        "active": True,
        "freeze": False,
        "native": False,
        **(held or {}),
        **given,
        "code": code,
    }
    action = "update" if held else "add"
    ask.state.ledger.record_effect(by=ask.state.actor.door, entity="module", id=code, action=action)
    delivery = (given.get("integrations") or {}).get("delivery")
    info: Any = {"deliveryType": {"id": 1, "code": code}} if delivery else []
    return Answer({"info": info})


def update_scopes(ask: Ask) -> Answer:
    """Note which scopes a module wants; the key has them already here."""
    if ask.path["code"] not in ask.state.modules:
        raise not_found()
    ask.state.modules[ask.path["code"]]["requires"] = ask.part("requires")
    return Answer({"apiKey": ask.key.key})


METHODS = (
    Method("GET", "api-versions", "", versions),
    Method("GET", "credentials", "", credentials),
    Method("GET", "system-info", "", system_info),
    Method("GET", "settings", "", settings),
    Method("GET", "users", "user_read", list_users),
    Method("GET", "users/{id}", "user_read", get_user),
    Method("GET", "integration-modules/{code}", "integration_read", get_module),
    Method("POST", "integration-modules/{code}/edit", "integration_write", edit_module),
    Method("POST", "integration-modules/{code}/update-scopes", "integration_write", update_scopes),
)
