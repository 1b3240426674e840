import Shared

/// What tells runs apart, then how they went.
struct RunComparison: Sendable {
    /// A fact that is not the same in all runs.
    struct Difference: Sendable, Equatable, Encodable {
        var name: String
        /// One for each run; nil where it has none.
        var values: [String?]
    }

    /// One curve in all runs.
    struct Curve: Sendable, Encodable {
        struct Ends: Sendable, Equatable, Encodable {
            var last: Double
            /// nil if it is not known whether more is better.
            var best: Double?
            var lastStep: Int64
        }
        var name: String
        /// One for each run; nil where it has no such curve.
        var runs: [Ends?]
    }

    let runs: [CollectedRun]
    let series: [[Series]]
    let differences: [Difference]
    let curves: [Curve]

    private static let mostPackages = 200

    /// - Throws: nothing; a run that says little has few facts.
    init(_ runs: [CollectedRun]) {
        self.runs = runs
        series = runs.map { $0.scalars(capacity: 2048).series }
        differences = Self.facts(runs) + Self.packages(runs)
        let names = Set(series.flatMap { $0.map(\.name) }).sorted()
        curves = names.map { [series] name in
            Curve(
                name: name,
                runs: series.map { all in
                    all.first { $0.name == name }.flatMap(Self.ends)
                })
        }
    }

    private static func facts(_ runs: [CollectedRun]) -> [Difference] {
        let rows = runs.map { $0.capsule.map(CapsuleRows.rows) ?? [] }
        var names: [String] = []
        for name in rows.flatMap({ $0.map(\.name) }) where !names.contains(name) {
            names.append(name)
        }
        let facts = names.map { name in
            Difference(name: name, values: rows.map { row in row.first { $0.name == name }?.value })
        }
        let ends = [
            Difference(
                name: "outcome",
                values: runs.map { $0.status?.outcome.map { OutcomeText($0).line } }),
            Difference(
                name: "tunings",
                values: runs.map { run in "\(run.events.count { $0.kind == .tuning })" }),
        ]
        return (facts + ends).filter { Set($0.values.map { $0 ?? "" }).count > 1 }
    }

    private static func packages(_ runs: [CollectedRun]) -> [Difference] {
        let versions = runs.map { run in
            Dictionary(
                (run.capsule?.packages ?? []).map { line in
                    let parts = line.split(separator: "=", omittingEmptySubsequences: true)
                    return (String(parts.first ?? "").lowercased(), oneLine(line))
                }, uniquingKeysWith: { $1 })
        }
        let names = Set(versions.flatMap(\.keys)).sorted()
        return names.compactMap { name in
            let values = versions.map { $0[name] }
            guard Set(values.map { $0 ?? "" }).count > 1 else { return nil }
            return Difference(name: "package \(oneLine(name))", values: values)
        }.prefix(mostPackages).map { $0 }
    }

    private static func ends(_ series: Series) -> Curve.Ends? {
        guard let last = series.last else { return nil }
        let best = isBetterLower(series.name).flatMap { isLower in
            isLower ? series.lowest?.value : series.highest?.value
        }
        return Curve.Ends(last: last.value, best: best, lastStep: last.step)
    }

    /// By the words in a curve's name; nil for a rate or a norm, which is neither.
    static func isBetterLower(_ name: String) -> Bool? {
        let name = name.lowercased()
        let lower = ["loss", "error", "err", "perplexity", "ppl", "mse", "mae", "rmse", "wer"]
        let higher = [
            "acc", "f1", "auc", "map", "bleu", "rouge", "score", "reward", "precision", "recall",
            "iou", "dice",
        ]
        if lower.contains(where: name.contains) { return true }
        return higher.contains(where: name.contains) ? false : nil
    }

    // MARK: Text

    private func letter(_ index: Int) -> String {
        index < 26 ? String(UnicodeScalar(UInt8(65 + index))) : "\(index + 1)"
    }

    var text: String {
        var text = ""
        for (index, run) in runs.enumerated() {
            text += "\(letter(index))  \(oneLine(run.place))\n"
        }
        let letters = runs.indices.map(letter)
        if differences.isEmpty {
            text += "\nnothing that is recorded differs\n"
        } else {
            var table = Table("DIFFERS")
            table.header += letters
            table.rows = differences.map { [$0.name] + $0.values.map { Self.cell($0 ?? "-") } }
            text += "\n" + table.text
        }
        guard !curves.isEmpty else { return text + "\nno curve was found\n" }
        var table = Table("CURVE")
        table.header += letters.flatMap { ["\($0) LAST", "\($0) BEST"] }
        table.rows = curves.map { curve in
            [curve.name]
                + curve.runs.flatMap { ends in
                    [ends.map { digits($0.last) } ?? "-", ends?.best.map(digits) ?? "-"]
                }
        }
        return text + "\n" + table.text
    }

    private static func cell(_ value: String) -> String {
        value.count > 60 ? value.prefix(59) + "…" : value
    }

    // MARK: Page

    /// The same with the curves over each other.
    func html() throws -> String {
        let buckets = ReportCurves.mostBuckets / max(1, curves.count * runs.count)
        let starts = series.map { all in
            all.compactMap { $0.points.lazy.compactMap(\.time).first }.min() ?? 0
        }
        let drawn = curves.map { curve in
            let parts = runs.indices.flatMap { index in
                series[index].filter { $0.name == curve.name }.flatMap {
                    ReportCurves.parts(
                        $0, buckets: buckets, start: starts[index], label: letter(index))
                }
            }
            return ReportCurves.Curve(
                name: curve.name, note: "", group: "curves", color: 0, parts: parts)
        }
        var body = "<h1>\(runs.count) runs compared</h1>\n<table>"
        for (index, run) in runs.enumerated() {
            body += HTML.row(letter(index), oneLine(run.place))
        }
        body += "</table>\n<h2>What differs</h2>\n<table>"
        for difference in differences {
            body += "<tr><th>\(HTML.text(difference.name))</th>"
            for value in difference.values { body += "<td>\(HTML.text(value ?? "-"))</td>" }
            body += "</tr>\n"
        }
        body += "</table>\n" + ReportPage.curveControls
        return try ReportPage.page(
            title: "\(runs.count) runs compared", data: ReportCurves(comparing: drawn), body: body)
    }
}
