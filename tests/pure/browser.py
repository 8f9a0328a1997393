"""A headless Chromium, as Debian has it, that opens a page from the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PROGRAMS = ("chromium", "chromedriver")
WIDE, NARROW = 1280, 360


@dataclass(frozen=True)
class Browser:
    driver: Chrome
    directory: Path
    """Where pages are put."""

    def open(self, text: str, width: int = WIDE, scheme: str = "light", name: str = "") -> None:
        """Show a page; what was said in the console before is forgotten."""
        file = self.directory / (name or "page.html")
        file.write_text(text)
        self.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", {"media": "", "features": features})
        self.driver.get("about:blank")
        self.said()
        self.driver.get(file.as_uri())
        self.settled()

    def send(self, method: str, parameters: dict[str, object]) -> dict[str, object]:
        """A command of the DevTools protocol."""
        answer = self.driver.execute_cdp_cmd(method, parameters)
        assert isinstance(answer, dict)
        return answer

    def run(self, script: str, *arguments: object) -> object:
        """What a script returns; it may ``await``."""
        answer: object = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"(async (...given) => {{ {script} }})(...arguments).then("
            "(value) => done([value]), (error) => done(String(error)));",
            *arguments,
        )
        assert isinstance(answer, list), answer
        value: object = answer[0]
        return value

    def settled(self) -> None:
        """Wait until what was asked for is drawn: observers and two frames."""
        self.run(
            "for (let n = 0; n < 2; n++)"
            " await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
        )

    def text(self, selector: str) -> str:
        """What is to be read in the first element that is selected."""
        found = self.run("return document.querySelector(given[0])?.innerText ?? null;", selector)
        assert isinstance(found, str), f"there is no {selector}"
        return found

    def texts(self, selector: str) -> list[str]:
        """The text of each element that is selected, drawn ones as well."""
        found = self.run(
            "return [...document.querySelectorAll(given[0])].map((one) => one.textContent);",
            selector,
        )
        assert isinstance(found, list)
        return [str(one) for one in found]

    def said(self) -> list[str]:
        """What the console has had since it was asked last: errors, and what was refused."""
        answer = self.driver.execute("getLog", {"type": "browser"})
        return [str(one["message"]) for one in answer["value"]]

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """A mouse's event, as the DevTools protocol calls it, at a place of the window."""
        self.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})
        self.settled()


@contextmanager
def started(directory: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, which ends with this."""
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (*ARGUMENTS, f"--user-data-dir={directory / 'profile'}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(20)
        driver.set_page_load_timeout(30)
        yield Browser(driver, directory)
    finally:
        driver.quit()


def missing() -> list[str]:
    """Which programs are not there."""
    return [name for name in PROGRAMS if shutil.which(name) is None]
