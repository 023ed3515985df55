"""What a feature view is now, what it was, and which feature services use it. Never changes anything."""

import hashlib
import json
from dataclasses import dataclass

from feast.errors import FeatureViewNotFoundException, FeatureViewVersionNotFound
from feast.feature_view import FeatureView
from feast.feature_view_projection import FeatureViewProjection
from feast.field import Field
from feast.protos.feast.core.Feature_pb2 import FeatureSpecV2
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from .refusal import Refusal, bad_request


def canonical(value):
    """JSON as RFC 8785 has it, for values without floats and without names beyond ASCII's order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value):
    """The SHA-256 of a value's canonical JSON, in lower-case hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def active(store, name):
    """The feature view as the registry has it now. Refuses kinds that can't be taken back exactly."""
    try:
        view = store.registry.get_any_feature_view(name, store.project, allow_cache=False)
    except FeatureViewNotFoundException:
        raise Refusal(404, "no_such_feature_view", f"{store.project} has no feature view {name}") from None
    # A transformation is pickled anew each time it is read: its bytes would differ without a change.
    if type(view) is not FeatureView:
        raise Refusal(422, "unsupported", f"{name} is a {type(view).__name__}; only plain feature views are supported")
    return view


def at_version(store, name, number):
    """The feature view as a version has it."""
    try:
        view = store.registry.get_feature_view_by_version(name, store.project, number)
    except FeatureViewVersionNotFound:
        raise Refusal(404, "no_such_version", f"{name} has no version v{number}") from None
    if type(view) is not FeatureView:
        raise Refusal(422, "unsupported", f"v{number} of {name} is a {type(view).__name__}")
    return view


def number_of(view):
    """The version that a view has; Feast leaves out that it is the first."""
    return view.current_version_number or 0


def definition(view):
    """The digest of what a view says, whatever its version's number and whenever it was applied."""
    spec = MessageToDict(view.to_proto().spec)
    for which in ("version", "project"):
        spec.pop(which, None)
    for source in ("batchSource", "streamSource"):
        _without_times(spec.get(source, {}))
    # Feast keeps columns in a set: their order says nothing.
    for columns in ("features", "entityColumns"):
        spec[columns] = sorted(spec.get(columns, []), key=lambda column: column["name"])
    return digest(spec)


def _without_times(source):
    source.pop("meta", None)
    source.pop("project", None)
    if "batchSource" in source:
        _without_times(source["batchSource"])


def columns(view):
    """A view's features by name, each as Feast's own JSON."""
    return [MessageToDict(field.to_proto()) for field in sorted(view.features, key=lambda field: field.name)]


@dataclass(frozen=True)
class State:
    """A feature view with all that a caller decides on."""

    name: str
    version: int
    follows: str
    """`latest`, or the version that it is pinned to."""
    definition: str
    services: dict
    versions: list
    derived: list
    """On-demand feature views that read it."""

    @property
    def etag(self):
        """Moves when the view or a service that uses it does."""
        return digest([self.version, self.follows, self.definition, self.services, self.versions])

    def body(self):
        return {**self.__dict__, "etag": self.etag}

    def version_numbered(self, number):
        """A version that there is."""
        for version in self.versions:
            if version["version"] == number:
                return version
        raise Refusal(404, "no_such_version", f"{self.name} has no version v{number}")


def state(store, name):
    """Reads it all from the registry, past its cache."""
    view = active(store, name)
    return State(
        name=name,
        version=number_of(view),
        follows=view.version or "latest",
        definition=definition(view),
        services=_services(store, name),
        versions=[_version(store, name, row) for row in store.registry.list_feature_view_versions(name, store.project)],
        derived=_derived(store, name),
    )


def _version(store, name, row):
    number = row["version_number"]
    view = at_version(store, name, number)
    at = int(row["created_timestamp"].timestamp() * 1000)
    return {"version": number, "at": at, "definition": definition(view), "features": columns(view)}


def _services(store, name):
    services = store.registry.list_feature_services(store.project, allow_cache=False)
    used = {service.name: [p for p in service.feature_view_projections if p.name == name] for service in services}
    return {service: [describe(p) for p in projections] for service, projections in used.items() if projections}


def _derived(store, name):
    views = store.registry.list_on_demand_feature_views(store.project, allow_cache=False)
    return sorted(v.name for v in views if any(p.name == name for p in v.source_feature_view_projections.values()))


def describe(projection):
    """How a service uses a view: which features, of which version; without one, Feast serves the first."""
    features = sorted(projection.features, key=lambda field: field.name)
    return {
        "alias": projection.name_alias,
        "join_keys": dict(projection.join_key_map),
        "version": projection.version_tag,
        "features": [MessageToDict(field.to_proto()) for field in features],
    }


def projection(view, described):
    """The projection that `describe` described, of a view of that version."""
    if not isinstance(described, dict) or set(described) != {"alias", "join_keys", "version", "features"}:
        raise bad_request("a projection has alias, join_keys, version and features")
    made = FeatureViewProjection.from_definition(view)
    made.name_alias = described["alias"]
    made.join_key_map = described["join_keys"]
    made.version_tag = described["version"]
    try:
        made.features = [Field.from_proto(ParseDict(column, FeatureSpecV2())) for column in described["features"]]
    except (ParseError, TypeError) as error:
        raise bad_request(f"a feature of a projection: {error}") from None
    if not made.features:
        raise bad_request("a projection without features would serve nothing")
    return made
