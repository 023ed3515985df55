"""Pins a version of a feature view and applies again the feature services that use it: one operation.

Never pins a version that there is not: Feast would exit with 0 and publish the definition of the moment under its name.
"""

from .definitions import State, active, at_version, projection, state
from .refusal import Partial, Refusal


def pin(store, name, wanted):
    """Does it if the state is still the one that the caller saw. Says what was applied, in order."""
    before = state(store, name)
    _check(before, wanted)
    services = [_service(store, before, *item) for item in wanted["services"].items()]
    done = []
    # Services that name their version serve from it before the view does; the others need the view first.
    early = [service for service, is_bound in services if is_bound]
    late = [service for service, is_bound in services if not is_bound]
    try:
        _apply(store, early, done)
        _pin_view(store, name, wanted, before, done)
        _apply(store, late, done)
    except Exception as error:
        if not done:
            raise
        raise Partial(f"after {', '.join(done)}: {error}", done) from error
    after = state(store, name)
    if (after.version, after.definition) != (wanted["version"], wanted["definition"]):
        raise Partial(f"Feast did it, and {name} is at v{after.version} with another definition than asked", done)
    return {"version": after.version, "etag": after.etag, "done": done}


def _check(before: State, wanted):
    if before.etag != wanted["expect"]:
        raise Refusal(409, "changed", f"{before.name} is not what it was: somebody else changed it", etag=before.etag)
    kept = before.version_numbered(wanted["version"])
    if kept["definition"] != wanted["definition"]:
        message = f"v{wanted['version']} of {before.name} has another definition than asked for"
        raise Refusal(409, "other_definition", message, definition=kept["definition"])
    unknown = sorted(set(wanted["services"]) - set(before.services))
    if unknown:
        raise Refusal(404, "no_such_service", f"no feature service {', '.join(unknown)} uses {before.name}")


def _pin_view(store, name, wanted, before, done):
    if (before.version, before.definition) == (wanted["version"], wanted["definition"]):
        return
    view = active(store, name)
    view.version = f"v{wanted['version']}"
    # Not `store.apply`: that infers what the present definition lacks, and Feast then takes it for another definition.
    store.registry.apply_feature_view(view, store.project)
    done.append(f"feature view {name}")
    # What `store.apply` does besides: stores other than Redis have a table for each version.
    provider, pinned = store._get_provider(), active(store, name)
    provider.update_infra(store.project, [], [pinned], [], [], partial=True)


def _service(store, before, name, described):
    """A service with other projections of this view, and whether each of them names its version."""
    service = store.registry.get_feature_service(name, store.project, allow_cache=False)
    view = active(store, before.name)
    made = []
    for one in described:
        tag = one.get("version") if isinstance(one, dict) else None
        made.append(projection(view if tag is None else at_version(store, before.name, tag), one))
    places = [p.name == before.name for p in service.feature_view_projections]
    first = places.index(True)
    others = [p for p, is_of_view in zip(service.feature_view_projections, places) if not is_of_view]
    service.feature_view_projections = others[:first] + made + others[first:]
    return service, all(p.version_tag is not None for p in made)


def _apply(store, services, done):
    for service in services:
        store.apply([service])
        done.append(f"feature service {service.name}")
