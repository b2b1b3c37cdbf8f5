"""Who acts: a person with roles and a place, perhaps on behalf of another, or the system itself."""

from typing import NamedTuple


class Actor(NamedTuple):
    """Somebody who acts.

    Args:
        id: the account's id, 0 for the system.
        name: the account's unique name.
        roles: role codes of ``roles.json``.
        unit, place: the unit's code, and the place it belongs to (``city`` or a county's code).
        on_behalf_of: account name of the absent person for whom this one acts.
        acts_for: the absent people this one may stand in for now, with their roles.
        origin: hash of the network address.
    """

    id: int
    name: str
    display_name: str
    roles: frozenset[str]
    unit: str
    place: str
    on_behalf_of: str | None = None
    acts_for: tuple[tuple[str, frozenset[str]], ...] = ()
    origin: str = ""

    def standing_in_for(self, absent: str, roles: frozenset[str]) -> "Actor":
        """The same person acting for an absent one."""
        return self._replace(on_behalf_of=absent, roles=roles)


SYSTEM = Actor(0, "system", "系统", frozenset(), "", "city")


def console(role: str) -> Actor:
    """Who gives a command on the machine itself, or starts the service there for the first time."""
    return Actor(0, "console", "命令行", frozenset({role}), "", "city")
