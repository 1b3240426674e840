import Shared

/// `report.html`: all of a run on one page that needs nothing else, now and in ten years.
struct ReportPage {
    let run: CollectedRun
    let now: Date
    private let timeline: PhaseTimeline
    private let series: [Series]
    private let hardware: [Series]
    private let isIncomplete: Bool
    let receipt: Receipt

    /// Reads the run's curves, which takes seconds for a million points.
    init(_ run: CollectedRun, now: Date) {
        self.run = run
        self.now = now
        let reader = run.scalars()
        series = reader.series
        isIncomplete = reader.isIncomplete
        hardware = SystemScalars.read(run.logs + "/" + SystemScalars.fileName)
        timeline = PhaseTimeline(
            events: run.events, end: run.status?.heartbeat ?? run.events.last?.time ?? now)
        receipt = Receipt(timeline, series: series, hourlyPrice: run.capsule?.hourlyPrice)
    }

    /// Writes the page.
    ///
    /// - Throws: `Failure` naming the path.
    func write(to path: String) throws {
        try AtomicFile.write(Data(html().utf8), to: path)
    }

    func html() throws -> String {
        let curves = ReportCurves(run, series: series, hardware: hardware, timeline: timeline)
        return try Self.page(
            title: run.name, data: curves,
            body: header + receiptBlock + TimelineBlock(timeline).html + curvesBlock + syncBlock
                + capsuleBlock + lastLines)
    }

    /// A whole page around a body: style, library, data and script in it.
    static func page(title: String, data: some Encodable, body: String) throws -> String {
        let json = HTML.script(
            String(decoding: try JSONFormat.encode(data, pretty: false), as: UTF8.self))
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(HTML.text(oneLine(title)))</title>
            <style>\(ReportFiles.uPlotStyle)
            \(ReportFiles.style)</style></head><body>
            \(body)
            <script type="application/json" id="data">\(json)</script>
            <!-- \(ReportFiles.license) -->
            <script>\(ReportFiles.uPlot)</script>
            <script>\(ReportFiles.script)</script>
            </body></html>

            """
    }

    // MARK: Blocks

    private var header: String {
        let outcome = run.status?.outcome
        let tone = outcome.map { $0.kind == .succeeded ? "good" : "bad" } ?? "warn"
        let line = outcome.map { OutcomeText($0).line } ?? "no outcome is known"
        let reason = outcome.map { OutcomeText($0).reason } ?? []
        var html = "<h1>\(HTML.text(oneLine(run.name)))</h1>\n"
        html += "<p class=\"\(tone)\">\(HTML.text(line))</p>\n"
        if !reason.isEmpty { html += "<pre>\(HTML.text(reason.joined(separator: "\n")))</pre>\n" }
        for warning in (run.status?.warnings ?? []).prefix(20) {
            html += "<p class=\"warn\">\(HTML.text(oneLine(warning)))</p>\n"
        }
        return html + "<p class=\"faint\">report of \(now.formatted(.iso8601))</p>\n"
    }

    private var receiptBlock: String {
        guard receipt.total > 0 else { return "" }
        var bar = ""
        var rows = ""
        for (part, seconds) in receipt.rows {
            let place = Receipt.Part.allCases.firstIndex(of: part) ?? 0
            let share = receipt.share(seconds)
            bar += "<span class=\"p\(place)\" style=\"width:\(tenths(share))%\"></span>"
            rows += "<tr><td><span class=\"dot p\(place)\"></span>\(part.title)</td>"
            rows += "<td class=\"number\">\(TimeSpan(seconds: seconds))</td>"
            rows += "<td class=\"number\">\(tenths(share)) %</td>"
            rows += receipt.cost(seconds).map { "<td class=\"number\">\(price($0))</td>" } ?? ""
            rows += "</tr>\n"
        }
        rows += "<tr><th>machines together</th>"
        rows += "<td class=\"number\">\(TimeSpan(seconds: receipt.total))</td><td></td>"
        rows += receipt.cost(receipt.total).map { "<td class=\"number\">\(price($0))</td>" } ?? ""
        rows += "</tr>\n"
        return "<h2>Receipt</h2><div class=\"share\">\(bar)</div><table>\(rows)</table>\n"
            + ProofBlock(run: run).html
    }

    private var curvesBlock: String {
        var html = "<h2>Curves</h2>\n"
        if series.isEmpty {
            html +=
                "<p class=\"faint\">no scalar was found in metrics.jsonl, event files, "
                + "tables, train.log or the observer's file</p>\n"
        }
        if isIncomplete { html += "<p class=\"warn\">there are more names than are shown</p>\n" }
        html += Self.curveControls
        if !hardware.isEmpty {
            html += "<h2>Machine</h2><div class=\"charts\" id=\"hardware\"></div>\n"
        }
        return html
    }

    /// What changes how the charts are drawn, and where they go.
    static let curveControls = """
        <div id="controls">
        <label><input type="checkbox" id="log"> log scale</label>
        <label><input type="checkbox" id="time"> by time</label>
        <label><input type="checkbox" id="marks" checked> restarts, tunings, syncs</label>
        <label>smoothing <input type="range" id="smooth" min="0" max="99" value="0"></label>
        </div>
        <div class="charts" id="curves"></div>

        """

    private var syncBlock: String {
        guard let sync = run.status?.sync else { return "" }
        let syncs = run.events.count { $0.kind == .sync }
        let retries = run.events.count { $0.kind == .retry }
        var html = "<h2>Uploads</h2><table>\n"
        html += HTML.row(
            "in the bucket",
            "\(counted(sync.files, "file")), "
                + readable(bytes: sync.bytes))
        html += HTML.row("syncs", "\(syncs), \(retries) retried")
        html += HTML.row("last", sync.lastSuccessAt?.formatted(.iso8601))
        html += HTML.row("last error", sync.lastError.map(oneLine))
        return html + "</table>\n" + gaps(sync)
    }

    private func gaps(_ sync: RunStatus.SyncRecord) -> String {
        let lines = SyncGaps(sync).lines
        return lines.isEmpty
            ? "" : "<pre class=\"warn\">\(HTML.text(lines.joined(separator: "\n")))</pre>\n"
    }

    private var capsuleBlock: String {
        guard let capsule = run.capsule else { return "" }
        var html = "<h2>What it takes to do it again</h2><table>\n"
        for (name, value) in CapsuleRows.rows(capsule) { html += HTML.row(name, value) }
        html += "</table>\n"
        guard !capsule.packages.isEmpty else { return html }
        let packages = HTML.text(capsule.packages.prefix(2000).joined(separator: "\n"))
        return html + "<details><summary>\(counted(capsule.packages.count, "package"))</summary>"
            + "<pre>\(packages)</pre></details>\n"
    }

    private var lastLines: String {
        let lines = LogTail.lines(of: run.logs + "/" + BucketLayout.trainLog).suffix(60)
            .map { String($0.prefix(400)) }
        guard !lines.isEmpty else { return "" }
        return "<h2>Last lines of the log</h2><pre>"
            + HTML.text(lines.joined(separator: "\n")) + "</pre>\n"
    }

    private func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
