"""How far a training run is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from visavis.entry.cli.console import say, stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    from visavis.lab.training.epochs import Told


@contextmanager
def training_bar(name: str) -> "Iterator[Callable[[Told], None]]":
    """Show how far the run is: a bar on a terminal, a line now and then elsewhere."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None, loss=0.0)

        def tell(told: "Told") -> None:
            progress.update(task, completed=told.step, total=told.steps, loss=told.loss)
            if not console.is_terminal and told.step % 200 == 0:
                say(f"{name}: step {told.step} of {told.steps}, loss {told.loss:.3f}")

        yield tell
