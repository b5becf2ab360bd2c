"""Lists that change while somebody looks at them: what stays the same is left alone."""

from collections.abc import Sequence

from nicegui import ui

from visavis.entry.web.elements import html


class Keyed:
    """A list on a page, whose items are known by keys.

    Args:
        kind: Class of the list.
        label: What it is called for those who do not see it.
    """

    def __init__(self, kind: str, label: str) -> None:
        self._box = ui.element("ul").classes(kind).props(f'aria-label="{label}"')
        self._items: dict[str, ui.html] = {}

    def show(self, items: Sequence[tuple[str, str]]) -> None:
        """Show items in this order.

        Args:
            items: Keys, and our own HTML.
        """
        keys = {key for key, _ in items}
        for gone in [key for key in self._items if key not in keys]:
            self._items.pop(gone).delete()
        for place, (key, content) in enumerate(items):
            if key not in self._items:
                with self._box:
                    self._items[key] = html(content, "li")
            item = self._items[key]
            if item.content != content:
                item.set_content(content)
            if self._box.default_slot.children[place] is not item:
                item.move(self._box, target_index=place)
