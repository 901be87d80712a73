"""Looks at reports and plots in a headless browser, as `cargo xtask report` does.

    python3 xtask/report.py PROGRAM BROWSER [--screenshots FOLDER]

Reports of several tasks, made with the program, are opened on a phone's screen and a desk's, light and dark. In none may
the console complain, the page be wider than the screen, anything be loaded, texts of a picture touch or leave it, or
letters and lines be too faint (WCAG 2.2, 1.4.3 and 1.4.11). It needs nothing but Python and the browser, to which it
speaks through two pipes: the DevTools protocol.
"""

import argparse
import base64
import datetime
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import wave as wave_file

WIDTHS = [360, 1280]
SCHEMES = ["light", "dark"]

# What a page says of itself: a list of complaints.
LOOK = r"""(() => {
  const complaints = [];
  const complain = (text) => complaints.push(text);
  const root = document.documentElement;
  const isPage = root.tagName === "HTML";
  if (isPage && root.scrollWidth > window.innerWidth) {
    complain(`the page is ${root.scrollWidth} wide on a screen of ${window.innerWidth}`);
  }
  const parse = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const over = (top, alpha, below) => [0, 1, 2].map((n) => alpha * top[n] + (1 - alpha) * below[n]);
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    const back = document.querySelector("rect.back");
    return back ? parse(getComputedStyle(back).fill) : [255, 255, 255];
  };
  const isShown = (element) => element.getClientRects().length > 0;
  const sees = (what, color, element, least) => {
    const ratio = contrast(color, behind(element));
    if (ratio < least) complain(`${what}: a contrast of ${ratio.toFixed(2)}, not ${least}`);
  };

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) complain("an id stands twice");
  if (isPage && document.querySelectorAll("script, iframe, object, embed, link").length > 0) complain("there is a script");
  for (const element of document.body ? document.body.querySelectorAll("*") : []) {
    if (!isShown(element) || element.closest("svg")) continue;
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (hasText) sees(`"${element.textContent.trim().slice(0, 30)}"`, parse(getComputedStyle(element).color), element, 4.5);
    const canScroll = getComputedStyle(element).overflowX === "auto";
    if (canScroll && !(element.tabIndex === 0 && element.getAttribute("aria-label"))) complain("a region cannot be reached");
  }
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.querySelectorAll("th")];
    if (!heads.every((head) => head.scope)) complain("a table's head has no scope");
  }
  for (const svg of isPage ? document.querySelectorAll("svg") : [root]) {
    if (!isShown(svg)) continue;
    const name = svg.querySelector("title").textContent;
    if (!name || !svg.querySelector("desc").textContent || svg.getAttribute("role") !== "img") {
      complain("a picture is without title, description or role");
    }
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
    texts.forEach(([text, box], n) => {
      sees(`"${text.textContent}" in "${name}"`, parse(getComputedStyle(text).fill), svg, 4.5);
      const isOut = box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1;
      if (isOut) complain(`"${text.textContent}" leaves the picture "${name}"`);
      for (const [other, its] of texts.slice(n + 1)) {
        const wide = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const high = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        // The boxes of letters are higher than the letters: lines above each other may meet.
        if (wide > 0.5 && high > 0.35 * Math.min(box.height, its.height)) {
          complain(`"${text.textContent}" and "${other.textContent}" touch in "${name}"`);
        }
      }
    });
    for (const line of svg.querySelectorAll("polyline, .mark, .dots, .tick")) {
      const style = getComputedStyle(line);
      const color = over(parse(style.stroke), Number(style.strokeOpacity), behind(svg));
      sees(`a line of class ${line.getAttribute("class")} in "${name}"`, color, svg, 3);
    }
    for (const cell of svg.querySelectorAll("rect.right, rect.wrong")) {
      const style = getComputedStyle(cell);
      const color = over(parse(style.fill), Number(style.fillOpacity), behind(svg));
      const ink = svg.querySelector("text");
      const ratio = contrast(parse(getComputedStyle(ink).fill), color);
      if (ratio < 4.5) complain(`a count on its cell in "${name}": a contrast of ${ratio.toFixed(2)}`);
    }
  }
  return [...new Set(complaints)];
})()"""


class Browser:
    """A headless browser and one page in it."""

    def __init__(self, program, profile):
        to_browser, from_browser = os.pipe(), os.pipe()
        for end in (to_browser[0], from_browser[1]):
            os.set_inheritable(end, True)

        def connect():
            # High first: one of the ends may itself be 3 or 4.
            read, write = os.dup(to_browser[0]), os.dup(from_browser[1])
            while min(read, write) < 10:
                read, write = os.dup(read), os.dup(write)
            os.dup2(read, 3)
            os.dup2(write, 4)

        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options += ["--no-first-run", "--disable-extensions", "--disable-background-networking"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            [program, *options], preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        self.to, self.source = os.fdopen(to_browser[1], "wb", 0), os.fdopen(from_browser[0], "rb", 0)
        self.buffer, self.count, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.source.fileno(), 1 << 20)
            if not data:
                sys.exit("the browser has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width, scheme):
        """What there is to complain about a page."""
        self.events.clear()
        height = 800
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())
        self.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        return [*self.evaluate(LOOK), *self.complaints(path)]

    def complaints(self, path):
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded":
                yield f"console: {parameters['entry']['text']}"
            elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                yield f"console: {json.dumps(parameters)[:200]}"
            elif method == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if not url.startswith("data:") and url.split("#")[0] != path.as_uri():
                    yield f"loads {url}"

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"cannot look: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def photograph(self, file):
        self.evaluate("document.querySelectorAll('details').forEach((d) => d.open = false)")
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        data = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))

    def close(self):
        self.call("Browser.close")
        self.process.wait(timeout=20)


def write_data(folder):
    """Tables whose names try to be more than names."""
    rng = random.Random(4)
    wave = lambda n, season: math.sin(2 * math.pi * n / season)
    hour = lambda n: datetime.datetime(2024, 5, 1) + datetime.timedelta(hours=n)
    rows = [f"{hour(n):%Y-%m-%d %H:%M},{1e6 * (3 + wave(n, 24) + 0.1 * rng.random()):.0f}" for n in range(240)]
    (folder / "hours.csv").write_text("\n".join(["time,load", *rows]) + "\n")
    shops = ['<script>alert(1)</script> "and" a long name', "b & c", *(f"shop {n}" for n in range(8))]
    rows = []
    for s, shop in enumerate(shops):
        for n in range(60):
            value = (s + 1) * (100 + 20 * wave(n, 12) + 9 * rng.random())
            quoted = shop.replace('"', '""')
            rows.append(f'"{quoted}",{2015 + n // 12}-{n % 12 + 1:02},{value:.1f}')
    (folder / "shops.csv").write_text("\n".join(["shop,month,units", *rows]) + "\n")
    for name, classes, count in [
        ("two", ["yes", "no"], 80),
        ("few", ["walk", "<b>run</b>", "stand & wait", "climb stairs, up and down", "-"], 150),
        ("fifty", [f"class number {n}" for n in range(50)], 500),
    ]:
        rows = []
        for i in range(count):
            k, length = i % len(classes), 6 + i % 5
            angle = 2 * math.pi * k / len(classes)
            for t in range(length):
                a, b = math.cos(angle) + 0.5 * rng.gauss(0, 1), math.sin(angle) + 0.5 * rng.gauss(0, 1)
                rows.append(f's{i},{t},{a:.4f},{b:.4f},{1000 * math.cos(angle) + a:.4f},"{classes[k]}"')
        (folder / f"{name}.csv").write_text("\n".join(["id,time,a,b,level,kind", *rows]) + "\n")


    words = ["<b>", "&", "net", "works", "remember", "what", "was"]
    made = [0.4 * math.sin(0.2 * n * (1 + n / 8000)) * math.exp(-(n % 4000) / 2000) for n in range(16000)]
    for name, samples in [("in", made), ("out", [math.tanh(3 * x) for x in made])]:
        with wave_file.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
            file.writeframes(b"".join(round(32767 * x).to_bytes(2, "little", signed=True) for x in samples))
    (folder / "story.txt").write_text(" ".join(rng.choice(words) for _ in range(1500)))


def make_pages(program, folder):
    """Reports and plots of every task."""
    grouped = "--features a,b --time time --hidden-size 8 --epochs 3"
    commands = [
        "train hours.csv --hidden-size 4 --epochs 3 --report hours.html",
        "predict hours.elman hours.csv --interval 80,95 --plot ahead.svg -o ahead.csv",
        "evaluate hours.elman hours.csv --plot tested.svg",
        "train shops.csv --hidden-size 4 --epochs 2 --loss gaussian --report shops.html",
        "predict shops.elman shops.csv --quantiles 0.1,0.9,0.95 --plot several.svg -o several.csv",
        "backtest shops.elman shops.csv --report backtest.html",
        f"train regress two.csv --target level {grouped} --report two.html",
        *(f"train classify {name}.csv --target kind --search=false {grouped} -o {name}s.elman --report {name}s.html"
          for name in ("two", "few", "fifty")),
        "train label two.csv --target level --features a,b --hidden-size 4 --epochs 1 -o rows.elman --report rows.html",
        "train text story.txt --hidden-size 8 --epochs 1 --report story.html",
        "evaluate fews.elman few.csv --report evaluated.html",
        "train --epochs 2 --hidden-size 4 --report airline.html",
        "train label --audio in.wav out.wav --latency 0 --hidden-size 8 --epochs 2 -o sound.elman --report sound.html",
        "tune --trials 6 --epochs 3 --hidden-size 4 -o tuned.elman --report tuned.html",
    ]
    for command in commands:
        subprocess.run([program, *command.split(), "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return sorted([*folder.glob("*.html"), *folder.glob("*.svg")])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("browser")
    parser.add_argument("--screenshots", type=pathlib.Path, metavar="FOLDER")
    arguments = parser.parse_args()
    complaints = 0
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        folder = pathlib.Path(folder)
        write_data(folder)
        pages = make_pages(arguments.program.resolve(), folder)
        browser = Browser(arguments.browser, profile)
        for page in pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    where = f"{page.name} at {width}, {scheme}"
                    for complaint in browser.open(page, width, scheme):
                        complaints += 1
                        print(f"{where}: {complaint}")
                    if arguments.screenshots:
                        arguments.screenshots.mkdir(parents=True, exist_ok=True)
                        browser.photograph(arguments.screenshots / f"{page.stem}-{width}-{scheme}.png")
        browser.close()
    looks = len(pages) * len(WIDTHS) * len(SCHEMES)
    if complaints:
        sys.exit(f"{complaints} complaints in {looks} looks at {len(pages)} pages")
    print(f"{looks} looks at {len(pages)} pages: nothing to complain about")


if __name__ == "__main__":
    main()
