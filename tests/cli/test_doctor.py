"""Does ``jupyter interview doctor`` say what works and what mends the rest?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jupyter_interview.cli import doctor, main
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import DockerEngine, bubblewrap
from jupyter_interview.provisioners.images import reference
from tests.fixtures.real import missing


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of its own, and kernelspecs: python, one whose program is missing, one that does not start."""
    kernels = tmp_path / "kernels"
    good = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    for name, argv, needs in (
        ("python", good, []),
        ("singing", good, ["sing"]),
        ("broken", ["python", "-c", "import sys; sys.exit('out of tune')"], []),
    ):
        interview = {"needs": needs, "packages": ["choir"], "image": reference("python")}
        if needs:
            interview["image"] = "no/such-image:1"
        spec = {"argv": argv, "display_name": name, "language": name, "metadata": {"interview": interview}}
        (kernels / name).mkdir(parents=True)
        (kernels / name / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setattr(doctor, "kernels_dir", lambda: str(kernels))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def ji_docker(tmp_path: Path) -> None:
    """A real engine with Python's image."""
    engine = DockerEngine(Limits(), str(tmp_path / "r"), {"python": reference("python")})
    if (problem := engine.known_problem("python")) is not None:
        missing(f"Docker with its images ({problem})")


def test_both_engines_with_a_real_kernel(ji_docker: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    docker, _, rest = capsys.readouterr().out.partition("bubblewrap:\n")
    assert docker.startswith("docker:\n")
    assert "singing  The image no/such-image:1 is not here. Build it: jupyter interview images build singing." in docker
    assert "singing  sing is not installed. Install it: sudo apt-get install choir." in rest
    for text in (docker, rest):
        assert re.search(r"  python   ok\n", text)
        assert re.search(r"A python kernel was started to prove it: ready in \d+\.\d\d s\.\n$", text)


def test_a_kernel_that_does_not_start_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--sandbox", "bubblewrap", "--language", "broken"]) == 1
    told = capsys.readouterr()
    assert "A broken kernel did not start: The kernel ended before it was ready. out of tune" in told.out
    assert "No kernel can be started here." in told.out and "Traceback" not in told.out + told.err


def test_a_language_that_lacks_something_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--sandbox", "bubblewrap", "--language", "singing"]) == 1
    assert "was started" not in capsys.readouterr().out


def test_nothing_works(house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{house}/docker.sock")
    monkeypatch.setattr(bubblewrap, "find_bwrap", list)
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "docker: does not work. The Docker engine cannot be reached" in told
    assert "bubblewrap: does not work. bubblewrap is not installed. Install bubblewrap (apt-get" in told
    assert told.endswith("Mend one of the above, and ask again: jupyter interview doctor\n")


def test_without_a_sandbox_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--sandbox", "none"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("none:\n") and "ready in" in told


def test_an_unknown_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--language", "cobol"]) == 1
    assert "There is no language 'cobol'. Choose among broken, python, singing." in capsys.readouterr().err


def test_nothing_is_left_behind(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(house))
    before = sorted(house.iterdir())
    assert main(["doctor", "--sandbox", "bubblewrap"]) == 0
    assert [path for path in sorted(house.iterdir()) if path not in before and path.name != "data"] == []


@pytest.mark.parametrize("root", [True, False])
def test_it_warns_of_root(root: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    main(["doctor", "--sandbox", "none", "--language", "broken"])
    assert ("Warning: This server runs as root." in capsys.readouterr().err) is root
