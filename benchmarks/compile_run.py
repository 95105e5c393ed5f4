"""How long does a hello world take from source to output, against the toolchain's own commands?

In turns, in two kernels in the same kind of sandbox: our kernel of the language, from ``execute_request`` to
``execute_reply``, and a Python kernel that runs compiler and program as one would by hand, timed inside. Each turn has
a source of its own, so that nobody has it compiled already; one turn to warm up is not counted.

    python -m benchmarks.compile_run --rounds 10
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import choose, default_images

from .common import JSON, BenchmarkError, Report, engine_parser, median, of_engine, percentile, progress, scratch

KERNELS = Path(__file__).parent.parent / "kernels"
GOAL = 1.3
_SECONDS = 120.0

#: language → file name, the commands by hand, source; ``@`` is a number that makes it new
HELLO = {
    "go": (
        "hello.go",
        "GO111MODULE=off go build -o hello hello.go && ./hello",
        'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello @") }\n',
    ),
    "cpp": (
        "hello.cpp",
        "g++ -std=gnu++20 -O1 -o hello hello.cpp && ./hello",
        '#include <iostream>\nint main() { std::cout << "hello @" << std::endl; }\n',
    ),
    "java": (
        "Main.java",
        "javac Main.java && java Main",
        'public class Main { public static void main(String[] a) { System.out.println("hello @"); } }\n',
    ),
    "rust": (
        "hello.rs",
        "rustc --edition 2021 -o hello hello.rs && ./hello",
        'fn main() { println!("hello @"); }\n',
    ),
}

_BY_HAND = """
import pathlib, subprocess, time
pathlib.Path({file!r}).write_text({source!r})
begun = time.perf_counter()
done = subprocess.run({command!r}, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
print(time.perf_counter() - begun, done.stdout or done.stderr)
"""


class Kernel:
    """A started kernel and a connection to it."""

    def __init__(self, language: str, engine: Any, folder: Path) -> None:
        specs = KernelSpecManager(kernel_dirs=[str(KERNELS)], ensure_native_kernel=False)
        self._manager = AsyncKernelManager(
            kernel_name=language, kernel_spec_manager=specs, connection_file=str(folder / f"{language}.json")
        )
        spec = self._manager._kernel_spec = specs.get_kernel_spec(language)
        problem = engine.language_problem(spec)
        if problem is not None:
            raise BenchmarkError(f"{language}: {problem}")
        self._manager.provisioner = engine.provisioner(kernel_id=language, kernel_spec=spec, parent=self._manager)
        self._client: Any = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        await self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False)
        await self._client.wait_for_ready(timeout=_SECONDS)

    async def run(self, code: str) -> tuple[float, str]:
        """Seconds from request to reply, and what was written."""
        texts: list[str] = []

        def take(message: JSON) -> None:
            texts.append(str(message["content"].get("text", "")))

        begun = time.perf_counter()
        answer = await self._client.execute_interactive(code, allow_stdin=False, output_hook=take, timeout=_SECONDS)
        seconds = time.perf_counter() - begun
        if answer["content"]["status"] != "ok":
            raise BenchmarkError(f"a cell failed: {answer['content']} {''.join(texts)}")
        return seconds, "".join(texts)

    async def end(self) -> None:
        """End it."""
        if self._client is not None:
            self._client.stop_channels()
        await self._manager.shutdown_kernel(now=True)


async def measure(language: str, rounds: int, sandbox: str, folder: Path) -> JSON:
    """A row of the report."""
    file, command, source = HELLO[language]
    images = default_images(str(KERNELS))
    # The Python kernel of whoever compiles by hand has the compiler in its image.
    images["python"] = images[language]
    engine = choose(sandbox, Limits(), str(folder / "r"), images=images)
    ours, by_hand = Kernel(language, engine, folder), Kernel("python", engine, folder)
    seen: dict[str, list[float]] = {"ours": [], "again": [], "hand": []}
    try:
        await ours.start()
        await by_hand.start()
        for number in range(rounds + 1):
            progress(f"{language} {number} of {rounds}")
            code = source.replace("@", str(number))
            seconds, text = await ours.run(code)
            again, _ = await ours.run(code)
            _, told = await by_hand.run(_BY_HAND.format(file=file, source=code, command=command))
            hand, _, shown = told.partition(" ")
            if not text == shown.removesuffix("\n") == f"hello {number}\n":
                raise BenchmarkError(f"wrong output: {text!r}, {shown!r}")
            if number:
                for name, value in (("ours", seconds), ("again", again), ("hand", float(hand))):
                    seen[name].append(value)
    finally:
        await ours.end()
        await by_hand.end()
    figures = {f"{name}_p50": median(values) * 1000 for name, values in seen.items()}
    ratio = median(seen["ours"]) / median(seen["hand"])
    return {"language": language, **figures, "p95": percentile(seen["ours"], 95) * 1000, "ratio": ratio}


def main() -> None:
    """Run it."""
    options = engine_parser(__doc__)
    options.add_argument("--rounds", type=int, default=10)
    chosen = options.parse_args()
    report = Report(
        of_engine("compile_run", chosen.sandbox),
        "Hello world from source to output",
        {
            "language": "language",
            "hand_p50": "by hand, p50 ms",
            "ours_p50": "our kernel, p50 ms",
            "p95": "our kernel, p95 ms",
            "ratio": f"p50 ÷ by hand (goal {GOAL})",
            "again_p50": "the same cell again, p50 ms",
        },
        [f"{chosen.rounds} turns of each, every one with a source of its own; sandbox: {chosen.sandbox}."],
    )
    with scratch() as folder:
        for language in HELLO:
            report.rows.append(asyncio.run(measure(language, chosen.rounds, chosen.sandbox, folder)))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
