import Shared

/// The rows of `train watch`, for any size of terminal; pure, so that a test can keep them.
struct WatchScreen: Sendable {
    let model: WatchModel
    let width: Int
    let height: Int
    let terminal: Terminal
    let now: Date

    /// Exactly `height` rows of at most `width` columns: the head, and the end of the log below it.
    var rows: [String] {
        var head = Array(self.head.prefix(max(1, height - 1)))
        // Half of what is left at most: the log is what most people look at.
        let pane = model.curves.rows(width: width, height: min(10, (height - head.count) / 2 - 1))
        if height >= 20, !pane.isEmpty {
            head += pane.map { DisplayWidth.cut($0, to: width) }
            head.append(String(repeating: "─", count: width))
        }
        let room = max(0, height - head.count)
        let log = (model.lines + (model.update.map { [$0] } ?? [])).suffix(room)
        let rows = head + log.map { DisplayWidth.cut(oneLine($0), to: width) }
        return rows + Array(repeating: "", count: max(0, height - rows.count))
    }

    private var head: [String] {
        var rows = [title]
        // What a small terminal can miss goes first.
        if height >= 8 { rows.append(phases) }
        if let progress { rows.append(progress) }
        if height >= 8 {
            for gpu in model.gpus.prefix(height >= 20 ? 8 : 1) {
                rows.append(cut("GPU  \(gpu.text)"))
            }
            if model.gpus.isEmpty, let load = model.status?.machine?.text { rows.append(cut(load)) }
            if let sync { rows.append(cut(sync)) }
        }
        if let stalled = model.status?.stalled, model.status?.outcome == nil {
            let time = TimeSpan(seconds: now.timeIntervalSince(stalled.since))
            let report = stalled.report.map { "; where it stands: \(oneLine($0))" } ?? ""
            rows.append(coloured(cut("! stalled for \(time)\(report)"), .yellow))
        }
        if let warning = model.status?.warnings.last, height >= 10 {
            rows.append(coloured(cut("! \(oneLine(warning))"), .yellow))
        }
        if let trouble = model.trouble {
            rows.append(coloured(cut("! not seen now: \(oneLine(trouble))"), .yellow))
        }
        rows.append(String(repeating: "─", count: width))
        return rows
    }

    private var title: String {
        var left = "\(model.name) on \(model.name.cloud)"
        if let status = model.status {
            if status.start.number > 1 { left += " · attempt \(status.start.number)" }
            let text = status.outcome.map { OutcomeText($0).line } ?? phaseText(status)
            left += " · \(oneLine(text))"
        } else {
            left += " · starting"
        }
        let right = model.status.map { status in
            let age = TimeSpan(seconds: now.timeIntervalSince(status.heartbeat))
            return "\(age) ago \(model.source.words)"
        }
        guard let right, DisplayWidth.of(right) + 20 <= width else { return cut(left) }
        return DisplayWidth.fit(left, to: width - DisplayWidth.of(right) - 2) + "  " + right
    }

    private func phaseText(_ status: RunStatus) -> String {
        let current = status.phases.last { $0.phase == status.phase }
        let since = current.map { " \(TimeSpan(seconds: now.timeIntervalSince($0.startedAt)))" }
        return status.phase.title + (since ?? "")
    }

    /// Every phase of a run in its order, with what has become of it.
    private var phases: String {
        var plain = ""
        var shown = ""
        for phase in Phase.allCases where phase != .finished {
            let record = model.status?.phases.last { $0.phase == phase }
            let (mark, colour): (String, Terminal.Colour?) =
                switch record?.state {
                case .succeeded: ("✓", .green)
                case .failed: ("✗", .red)
                case .running: ("▶", .yellow)
                case .skipped: ("-", nil)
                case .unknown, nil: ("·", nil)
                }
            let word = (plain.isEmpty ? "" : "  ") + "\(mark) \(Self.label(of: phase))"
            guard DisplayWidth.of(plain + word) <= width else { break }
            plain += word
            let text = colour.map { coloured(mark, $0) } ?? mark
            shown += word.replacing(mark, with: text, maxReplacements: 1)
        }
        return shown
    }

    private static func label(of phase: Phase) -> String {
        phase.rawValue.replacing("_", with: " ")
    }

    private var progress: String? {
        guard let progress = model.status?.progress else { return nil }
        let text = progress.text
        guard let total = progress.total, total > 0 else { return cut(text) }
        let room = width - DisplayWidth.of(text) - 2
        guard room >= 10 else { return cut(text) }
        let share = min(1, max(0, Double(progress.step) / Double(total)))
        let cells = min(40, room)
        let full = Int(share * Double(cells))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
        return "\(text)  \(bar)"
    }

    private var sync: String? {
        guard let sync = model.status?.sync, let last = sync.lastSuccessAt else { return nil }
        let age = TimeSpan(seconds: now.timeIntervalSince(last))
        var text = "sync \(counted(sync.files, "file")), \(readable(bytes: sync.bytes)), \(age) ago"
        if let error = sync.lastError { text += " · failing: \(oneLine(error))" }
        return text
    }

    private func cut(_ text: String) -> String { DisplayWidth.cut(oneLine(text), to: width) }

    private func coloured(_ text: String, _ colour: Terminal.Colour) -> String {
        terminal.coloured(text, colour)
    }
}
