"""The description of the API (OpenAPI 3.1), finished: what holds of every operation, said of each.

FastAPI tells which operations there are and what they take. Added here are who may do each, what
is refused before any of them is asked, what each field means, examples, and the bounds of what
has none of its own.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute

from api.access.person import Role
from api.http.glossary import FIELDS
from api.http.headers import VERSION
from api.http.problems import MEDIA, described, schemas
from api.http.wishes import (
    FORM,
    JSON,
    LARGEST,
    LONGEST_QUERY,
    LONGEST_TEXT,
    MOST_ITEMS,
    MOST_PARAMETERS,
)
from api.imports.tables import MOST_BYTES
from scheduler.draft import WALL_CLOCK

Schema = dict[str, Any]
Roles = Mapping[tuple[str, str], frozenset[Role]]

ABOUT: Mapping[str, Any] = {
    "title": "Regietafel",
    "version": VERSION,
    "summary": "Slots for forced departures, or what blocks them; and what is booked of them.",
    "description": (
        "What is proposed holds nothing. What is held is held whole, and by one case alone. "
        "Mistakes are answered as problems (RFC 9457), with every mistake. Moments are taken with "
        "any offset and answered in UTC. A key or an id tells nothing of a person."
    ),
    "license_info": {"name": "European Union Public Licence 1.2", "identifier": "EUPL-1.2"},
}
_AUDIENCE = {
    "description": "Production: for the services that plan departures, and not for the public.",
    "x-internal": True,
}
_CONTACT = {
    "name": "Regietafel",
    "url": "https://regietafel.example.org/",
    "email": "api@regietafel.example.org",
}
TAGS: Mapping[str, str] = {
    "cases": "Persons and families who are to leave: their lights, and slots for them.",
    "bookings": "What is held for a case, from hold to end, and what partners say of it.",
    "events": "What happened, and how what is booked is repaired.",
    "requests": "What an officer in charge asks of planners.",
    "plans": "Plans of all cases, worked out as jobs.",
    "partners": "What a partner is asked for.",
    "supply": "People, vehicles, rooms, detention places and departures, and their rosters.",
    "simulations": "What another supply would change.",
    "statistics": "Counts without persons; small ones are hidden.",
    "audit": "Who did what, and whether the log is whole.",
}
_OUTCOMES = {
    "200": "As it is now.",
    "201": "It is there now.",
    "202": "It has begun.",
    "204": "It is gone.",
}
_EVERYWHERE = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)
_YEAR = "(19|2[01])[0-9]{2}"
_DAY = f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_WRITTEN = {
    "date": f"^{_DAY}$",
    "date-time": (
        f"^{_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})$"
    ),
}
"""How moments and days are written: in years that somebody plans or recalls."""
_LENGTHS = {"date": 10, "date-time": 32}
_ALIKE = {"date": "2026-11-24", "date-time": "2026-11-24T09:00:00Z"}
_INT32 = 2**31 - 1
_LOCAL = "Shift"
"""The schema whose moments are on the wall clock of a place."""
_HEADERS: Schema = {
    "API-Version": {
        "description": "The version of the API in full (semver).",
        "required": True,
        "schema": {"type": "string", "maxLength": 20, "examples": [VERSION]},
    },
    "Retry-After": {
        "description": "After how many seconds it is worth asking again.",
        "required": True,
        "schema": {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 3600,
            "examples": [5],
        },
    },
    "Location": {
        "description": "The path of what was made, or is being made.",
        "required": True,
        "schema": {
            "type": "string",
            "format": "uri-reference",
            "pattern": "^/v[0-9]+/[a-z]+/[A-Za-z0-9._-]+$",
            "maxLength": 200,
            "examples": ["/v1/bookings/b-0001"],
        },
    },
    "ETag": {
        "description": "What it is now: If-Match with it changes nothing that somebody else did.",
        "required": True,
        "schema": {
            "type": "string",
            "pattern": '^"[0-9a-f]{1,32}"$',
            "maxLength": 34,
            "examples": ['"4"'],
        },
    },
}
_SUPPLY = "resources_resource", "facilities_facility", "departures_departure"
_MADE = {
    *(f"post_{one}" for one in ("bookings", "cases", "plans", "simulations")),
    *(f"put_{one}" for one in _SUPPLY),
}
_TAGGED = {
    *(f"{one}_bookings_booking" for one in ("get", "patch", "delete")),
    *(f"post_bookings_booking_{one}" for one in ("checks", "confirmations")),
    *(f"{one}_cases_case" for one in ("get", "patch")),
    *(f"{method}_{one}" for one in _SUPPLY for method in ("get", "put")),
    "get_partners_partner_calendar",
    "post_bookings",
    "post_cases",
}
"""The operations that say where what they made is, and those whose answers have an ETag."""


def name_of(route: APIRoute) -> str:
    """Return the id of an operation: its method and its path."""
    method = min(route.methods or ()).lower()
    return "_".join([method, *re.findall(r"\w+", route.path_format.replace("-", "_"))])


def published(found: Schema, roles: Roles, issuer: str | None) -> Schema:
    """Return the description that FastAPI ``found``, finished; it is changed itself."""
    found["info"]["contact"] = _CONTACT
    found["servers"] = [one | _AUDIENCE for one in found["servers"]]
    parts: Schema = found["components"]
    parts["schemas"] |= schemas()
    parts["headers"] = _HEADERS
    parts["securitySchemes"] = _security(issuer)
    tags = {tag for _, _, one in _operations(found) for tag in one["tags"]}
    found["tags"] = [{"name": tag, "description": TAGS[tag]} for tag in TAGS if tag in tags]
    # Without a provider everyone on this machine is taken for somebody, with a token or without.
    found["security"] = [{name: []} for name in parts["securitySchemes"]]
    if issuer is None:
        found["security"].append({})
    _name_forms(found)
    for method, path, operation in _operations(found):
        _finish(operation, roles[method.upper(), path])
    _bound(found)
    for name, schema in parts["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            _explain(f"{name}.{field}", one, parts["schemas"])
    for _, _, operation in _operations(found):
        for one in operation.get("parameters", ()):
            _explain_parameter(one)
        for media in _media(operation):
            media["example"] = _example(media["schema"], parts["schemas"])
        for status, one in operation["responses"].items():
            if MEDIA in one.get("content", {}) and status.isdigit():
                like = {"status": int(status), "title": HTTPStatus(int(status)).phrase}
                one["content"][MEDIA]["example"] |= like
    return found


def _security(issuer: str | None) -> Schema:
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "An access token of the OpenID provider for this audience, signed with a public key "
            "and checked as RFC8725 asks."
        ),
    }
    if issuer is None:
        return {"bearer": bearer}
    where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    login = {
        "type": "openIdConnect",
        "openIdConnectUrl": where,
        "description": "Authorization code with PKCE (S256), after the NL GOV profile.",
    }
    return {"openId": login, "bearer": bearer}


def _operations(found: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _media(operation: Schema) -> Iterator[Schema]:
    """Yield what an operation takes and answers, each with its schema."""
    for one in operation.get("requestBody", {}), *operation["responses"].values():
        for kind, media in one.get("content", {}).items():
            if kind.endswith("json") and media.get("schema"):
                yield media


def _finish(operation: Schema, roles: frozenset[Role]) -> None:
    """Say of an operation who may do it, and what holds of each of its answers."""
    allowed = sorted(roles)
    operation["x-roles"] = allowed
    says = str(operation.get("description") or operation["summary"]).rstrip(".")
    operation["description"] = f"{says}.\n\nFor: {', '.join(allowed)}."
    bodies = operation.get("requestBody", {}).get("content", {})
    if len(bodies) > 1:  # one of them is enough, and generators of clients stumble over two
        bodies.pop(JSON, None)
    answers = operation["responses"]
    for status in _EVERYWHERE:
        answers.setdefault(str(status), described()[400] | {"description": status.phrase})
    operation["responses"] = dict(sorted(answers.items()))
    for status, one in answers.items():
        if one["description"] == "Successful Response":
            one["description"] = _OUTCOMES[status]
        for media in one.get("content", {}).values():
            media.pop("itemSchema", None)  # which OpenAPI 3.1 does not know
        headers = one.setdefault("headers", {})
        named = _sent(operation["operationId"], status)
        headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in named}
    parameters = operation.get("parameters", ())
    revisions = [one for one in parameters if one["name"] in {"If-Match", "If-None-Match"}]
    if len(revisions) == 1 and "428" in answers:
        revisions[0]["required"] = True
    for one in parameters:
        # A query and a header can be left out, but hold no null.
        told = [kind for kind in one["schema"].pop("anyOf", ()) if kind != {"type": "null"}]
        one["schema"] |= told[0] if len(told) == 1 else {"anyOf": told} if told else {}
        if one["schema"].get("type") == "array":
            one["schema"].setdefault("maxItems", MOST_PARAMETERS)
        elif one["schema"].get("type") == "string" and "format" not in one["schema"]:
            one["schema"].setdefault("maxLength", LONGEST_QUERY)


def _sent(operation: str, status: str) -> Iterator[str]:
    """Yield the headers that an operation sends with a status."""
    yield "API-Version"
    if status in {"429", "503"}:
        yield "Retry-After"
    if status in {"201", "202"} and operation in _MADE:
        yield "Location"
    if status in {"200", "201"} and operation in _TAGGED:
        yield "ETag"


def _name_forms(found: Schema) -> None:
    """Call what a form holds as other schemas are called; there is nothing else in one."""
    known: Schema = found["components"]["schemas"]
    for *_, operation in _operations(found):
        form = operation.get("requestBody", {}).get("content", {}).get(FORM)
        if form is not None:
            name = form["schema"]["$ref"].rpartition("/")[2]
            title = "".join(one.capitalize() for one in name.split("_"))
            known[title] = known.pop(name) | {"title": title, "additionalProperties": False}
            form["schema"] = {"$ref": f"#/components/schemas/{title}"}


def _bound(found: Schema) -> None:
    """Describe how moments are written, and the bounds that any request is held to."""
    known: Schema = found["components"]["schemas"]
    for edge in known.get(_LOCAL, {}).get("properties", {}).values():
        del edge["format"]  # which would ask for an offset
        edge["pattern"] = f"^{WALL_CLOCK}$"
    asked = [one["schema"] for *_, operation in _operations(found) for one in _asked(operation)]
    told = [media["schema"] for *_, operation in _operations(found) for media in _media(operation)]
    for schema in _within([*known.values(), *asked, *told], {}):
        if "anyOf" in schema and {"type": "null"} in schema["anyOf"]:
            _join(schema)
        if schema.get("format") in _WRITTEN:
            schema.setdefault("pattern", _WRITTEN[schema["format"]])
        for name, value in _whole(schema):
            schema.setdefault(name, value)
    for schema in _within(asked, known):
        for name, value in _default_bounds(schema):
            schema.setdefault(name, value)


def _asked(operation: Schema) -> Iterator[Schema]:
    yield from operation.get("parameters", ())
    yield from operation.get("requestBody", {}).get("content", {}).values()


def _default_bounds(schema: Schema) -> Iterator[tuple[str, int]]:
    kinds = _kinds(schema)
    if "contentMediaType" in schema:
        yield "maxLength", MOST_BYTES
    elif "string" in kinds and not {"enum", "const"} & schema.keys():
        yield "maxLength", _LENGTHS.get(schema.get("format", ""), LONGEST_TEXT)
    if "array" in kinds:
        yield "maxItems", MOST_ITEMS
    if isinstance(schema.get("additionalProperties"), dict):
        yield "maxProperties", MOST_ITEMS


def _whole(schema: Schema) -> Iterator[tuple[str, Any]]:
    """Yield the bounds that any number has, in requests and in answers."""
    kinds = _kinds(schema)
    if {"enum", "const"} & schema.keys() or not {"integer", "number"} & kinds:
        return
    if "exclusiveMinimum" not in schema:
        yield "minimum", -LARGEST
    if "exclusiveMaximum" not in schema:
        yield "maximum", LARGEST
    if "integer" in kinds:
        yield "format", "int64" if schema.get("maximum", LARGEST) > _INT32 else "int32"


def _kinds(schema: Schema) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else {*kinds}


def _join(schema: Schema) -> None:
    """Make a moment or a day that may be null one schema, with its format on top."""
    told = [one for one in schema["anyOf"] if one != {"type": "null"}]
    if len(told) == 1 and told[0].get("format") in _WRITTEN:
        del schema["anyOf"]
        schema |= told[0] | {"type": ["string", "null"]}


def _within(schemas: list[Schema], known: Schema) -> Iterator[Schema]:
    """Yield the schemas and all that they are made of; those that they name, if ``known``, once."""
    named = set[str]()
    left = [*schemas]
    while left:
        one = left.pop()
        yield one
        if (name := one.get("$ref", "").rpartition("/")[2]) in known.keys() - named:
            named.add(name)
            left.append(known[name])
        for key in "anyOf", "oneOf", "allOf", "prefixItems":
            left += one.get(key, ())
        left += one.get("properties", {}).values()
        below = one.get("items"), one.get("additionalProperties")
        left += (each for each in below if isinstance(each, dict))


def _explain(path: str, schema: Schema, known: Schema) -> None:
    """Say of a field what it means, with an example."""
    says, alike = FIELDS.get(path) or FIELDS.get(path.partition(".")[2], ("", None))
    if says:
        schema.setdefault("description", says)
    if alike is not None and schema.get("type") == "array":
        alike = [alike]
    if "examples" not in schema and not _names(schema):
        fits = alike is not None and _fits(alike, _some(schema))
        schema["examples"] = [alike if fits else _example(schema, known)]


def _explain_parameter(parameter: Schema) -> None:
    says, alike = FIELDS.get(parameter["name"], ("", None))
    if says:
        parameter.setdefault("description", says)
    if alike is not None and _fits(alike, parameter["schema"]):
        parameter["schema"].setdefault("examples", [alike])


def _names(schema: Schema) -> bool:
    """Return whether a schema is made of others by name, which have examples themselves."""
    return any("$ref" in one for one in _within([schema], {}))


def _some(schema: Schema) -> Schema:
    """Return what is not null of a schema."""
    kinds = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return next(one for one in kinds if one != {"type": "null"})


def _fits(alike: Any, schema: Schema) -> bool:
    """Return whether an example is one of a schema that names no other."""
    if isinstance(alike, list):
        return "items" in schema and all(_fits(one, schema["items"]) for one in alike)
    if allowed := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return alike in allowed
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return (
        kinds[type(alike)] in _kinds(schema)
        and (not isinstance(alike, str) or re.search(schema.get("pattern", ""), alike) is not None)
        and (not isinstance(alike, str) or len(alike) <= schema.get("maxLength", LONGEST_TEXT))
        and (type(alike) is not int or alike >= schema.get("minimum", alike))
    )


def _example(schema: Schema, known: Schema) -> Any:
    """Return an example of a schema: of an object what it cannot do without."""
    if "$ref" in schema:
        return _example(known[schema["$ref"].rpartition("/")[2]], known)
    if "examples" in schema:
        return schema["examples"][0]
    if allowed := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return allowed[0]
    if schema.get("default") or schema.get("default") == 0:
        return schema["default"]
    if (some := _some(schema)) is not schema:
        return _example(some, known)
    if "properties" in schema:
        needed = schema.get("required") or [next(iter(schema["properties"]))]
        return {name: _example(schema["properties"][name], known) for name in needed}
    if isinstance(values := schema.get("additionalProperties"), dict):
        key = _ALIKE.get(schema.get("propertyNames", {}).get("format"), "fit-to-fly")
        return {key: _example(values, known)}
    if "items" in schema:
        return [_example(schema["items"], known)]
    if schema.get("format") in _ALIKE:
        return _ALIKE[schema["format"]]
    least = max(schema.get("minimum", 1), 1)
    plain: dict[str, Any] = {"boolean": True, "integer": least, "number": least, "array": []}
    return next((plain[kind] for kind in _kinds(schema) if kind in plain), "text")
