import Shared
import TestSupport
import Testing

@testable import Launcher

/// The page in a real browser: Debian's Chromium, without a screen.
@Suite(
    .enabled(if: isInstalled("chromium"), "chromium is not installed"), .serialized,
    .timeLimit(.minutes(10)))
struct BrowserTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    /// What the browser made of the page, and what it said meanwhile.
    private func open(
        _ path: String, _ flags: [String], isTimed: Bool = false
    ) async throws -> CommandResult {
        let profile = laptop.scratch.path + "/profile"
        return try await PosixRunner().run(
            Command(
                "chromium",
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--no-first-run", "--user-data-dir=\(profile)", "--enable-logging=stderr",
                    "--dump-dom",
                ] + (isTimed ? [] : ["--virtual-time-budget=10000"]) + flags
                    + ["file://\(path)"]),
            timeout: .seconds(200))
    }

    private func report(_ run: SampleRun) throws -> String {
        let path = run.place + "/report.html"
        try ReportPage(CollectedRun(at: run.place), now: Date()).write(to: path)
        return path
    }

    private func expectDrawn(_ result: CommandResult, charts: Int) {
        #expect(result.succeeded, "\(result.errorOutput)")
        #expect(!result.errorOutput.contains("CONSOLE"), "\(result.errorOutput)")
        #expect(result.output.split(separator: "<canvas").count - 1 == charts)
        #expect(result.output.split(separator: "data-drawn=\"1\"").count - 1 == charts)
    }

    private func sample() throws -> SampleRun {
        let run = try SampleRun(in: laptop.scratch)
        try run.writeMetrics(names: ["loss", "<b>accuracy</b>"], steps: 500) { 1 / Double($0 + 1) }
        let samples = [(100, 70), (200, 80)].map { seconds, share in
            "{\"time\": \(1_800_000_000 + seconds), \"gpu0/used\": \(share)}\n"
        }
        try run.write(Data(samples.joined().utf8), "logs/system.jsonl")
        return run
    }

    @Test(arguments: [[], ["--force-dark-mode"]])
    func `charts are drawn in both schemes`(flags: [String]) async throws {
        let result = try await open(try report(try sample()), flags)
        expectDrawn(result, charts: 3)
        #expect(result.output.contains("&lt;b&gt;accuracy&lt;/b&gt;</h3>"))
        let scheme = result.output.firstMatch(of: /data-scheme="([a-z]+)"/)?.1
        #expect(scheme == (flags.isEmpty ? "light" : "dark"))
    }

    /// Chromium has no window as narrow as a phone; a frame in it is.
    @Test func `a phone shows the charts and scrolls in one direction`() async throws {
        let page = String(decoding: try readFile(try report(try sample())), as: UTF8.self)
        let frame = """
            <body><iframe id="frame" style="width:390px;height:6000px" \
            srcdoc="\(HTML.text(page))"></iframe><script>
            setTimeout(() => {
              const inside = frame.contentWindow, page = frame.contentDocument;
              const drawn = () => page.querySelectorAll("[data-drawn]").length;
              const found = [inside.innerWidth, page.documentElement.dataset.overflow, drawn()];
              for (const id of ["log", "time", "marks"]) page.getElementById(id).click();
              const smooth = page.getElementById("smooth");
              smooth.value = 60;
              smooth.dispatchEvent(new inside.Event("input"));
              found.push(drawn(), page.querySelector(".u-legend").rows.length);
              const over = page.querySelector(".u-over"), place = over.getBoundingClientRect();
              const at = { clientX: place.left + 60, clientY: place.top + 20 };
              over.dispatchEvent(new inside.MouseEvent("mousemove", at));
              setTimeout(() => {
                const value = page.querySelector(".u-legend .u-value").textContent;
                found.push(value === "--" ? "nothing" : "hovered");
                document.body.append(found.join(" "));
              }, 500);
            }, 3000);
            </script></body>
            """
        let outer = try laptop.scratch.write(frame, to: "phone.html")
        let result = try await open(outer, [])
        #expect(!result.errorOutput.contains("CONSOLE"), "\(result.errorOutput)")
        // Width, overflow, charts; after log scale, time and smoothing the same charts, with a
        // legend for x, the values and their mean.
        #expect(result.output.contains("390 0 3 3 3 hovered"))
    }

    @Test func `two compared runs are drawn over each other`() async throws {
        let first = try SampleRun("first", in: laptop.scratch)
        try first.writeMetrics(names: ["loss"], steps: 50) { Double($0) }
        let second = try SampleRun("second", in: laptop.scratch)
        try second.writeMetrics(names: ["loss"], steps: 80) { Double($0) / 2 }
        let page = laptop.scratch.path + "/compared.html"
        #expect(await laptop.train("compare", first.place, second.place, "--page", page) == 0)
        let result = try await open(page, [])
        expectDrawn(result, charts: 1)
        #expect(result.output.split(separator: "class=\"u-series\"").count - 1 >= 3)
    }

    @Test func `a curve of a million points is drawn at once`() async throws {
        let run = try SampleRun(in: laptop.scratch)
        try run.writeMetrics(names: ["loss"], steps: SampleRun.manyPoints) { step in
            Double((step &* 7919) % 10_007)
        }
        // In real time: the browser's virtual one stands still while a script runs.
        let result = try await open(try report(run), [], isTimed: true)
        expectDrawn(result, charts: 1)
        let spent = result.output.firstMatch(of: /data-milliseconds="(\d+)"/).flatMap { Int($0.1) }
        let milliseconds = try #require(spent)
        print("\(SampleRun.manyPoints) points: drawn in \(milliseconds) ms")
        // On a computer that runs other tests meanwhile.
        #expect(milliseconds > 0 && milliseconds < 3000)
    }
}
