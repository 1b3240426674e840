import TestSupport
import Testing

@testable import Shared

@Suite struct ScalarReaderTests {
    private func line(_ name: String, _ step: Int, _ value: String, attempt: Int = 1) -> String {
        "{\"time\": \(1_700_000_000 + step), \"name\": \"\(name)\", \"value\": \(value), "
            + "\"step\": \(step), \"attempt\": \(attempt)}\n"
    }

    private func append(_ text: String, to path: String) throws {
        let old = exists(path) ? try readFile(path) : Data()
        try makeDirectories(parentDirectory(path))
        // In place, as a trainer appends.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
        #expect(try readFile(path).count == old.count + text.utf8.count)
    }

    /// One record of an event file with a scalar of the older form.
    static func record(tag: String, step: UInt8, value: Float, time: Double = 1.7e9) -> [UInt8] {
        func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        let name = Array(tag.utf8)
        let scalar = [0x0A, UInt8(name.count)] + name + [0x15] + bytes(value.bitPattern)
        let summary = [0x0A, UInt8(scalar.count)] + scalar
        let event =
            [0x09] + bytes(time) + [0x10, step, 0x2A, UInt8(summary.count)] + summary
        let length = bytes(UInt64(event.count))
        return length + length.withUnsafeBytes { bytes(TensorBoardFile.masked($0)) } + event
            + event.withUnsafeBytes { bytes(TensorBoardFile.masked($0)) }
    }

    @Test func `what is new is read once, and a cut line waits for its end`() throws {
        try withTemporaryDirectory { root in
            let path = root + "/metrics.jsonl"
            let whole = line("loss", 0, "3.5") + line("loss", 10, "\"NaN\"")
            let cut = line("loss", 20, "2.5")
            try append(whole + String(cut.prefix(30)), to: path)
            var reader = ScalarReader(logs: root)
            reader.read()
            #expect(reader.series.first?.count == 2)
            #expect(reader.series.first?.last?.value.isNaN == true)
            reader.read()
            #expect(reader.series.first?.count == 2)
            try append(String(cut.dropFirst(30)), to: path)
            reader.read()
            #expect(reader.series.first?.count == 3)
            #expect(reader.series.first?.last?.step == 20)
            #expect(reader.series.first?.lowest?.value == 2.5)
        }
    }

    @Test func `a series comes from its most trusted source`() throws {
        try withTemporaryDirectory { root in
            let logs = root + "/logs"
            try append("step 1 loss 9.0 accuracy 0.5\n", to: logs + "/train.log")
            try append(line("observer/lr", 1, "0.1"), to: logs + "/observer.jsonl")
            let events =
                Self.record(tag: "loss", step: 1, value: 8)
                + Self.record(tag: "other", step: 1, value: 7)
            try makeDirectories(root + "/output/runs/a")
            try AtomicFile.write(
                Data(events), to: root + "/output/runs/a/events.out.tfevents.1")
            try makeDirectories(root + "/output/version_0")
            try AtomicFile.write(
                Data("epoch,step,val,other\n0,39,,1.5\n1,79,0.25,\n".utf8),
                to: root + "/output/version_0/metrics.csv")
            var reader = ScalarReader(logs: logs, output: root + "/output")
            reader.read()
            let values = Dictionary(
                uniqueKeysWithValues: reader.series.map { ($0.name, $0.last?.value) })
            #expect(
                values == [
                    "loss": 8, "accuracy": 0.5, "observer/lr": 0.1, "other": 7, "val": 0.25,
                ])
            try append(line("loss", 1, "1"), to: logs + "/metrics.jsonl")
            reader.read()
            #expect(reader.series.first { $0.name == "loss" }?.last?.value == 1)
            #expect(reader.series.first { $0.name == "loss" }?.source == .metrics)
        }
    }

    @Test func `event files one after the other are one series, side by side two`() throws {
        try withTemporaryDirectory { root in
            func write(_ place: String, _ times: [Double], _ value: Float) throws {
                try makeDirectories(root + "/" + place)
                let records = times.enumerated().flatMap {
                    Self.record(tag: "loss", step: UInt8($0), value: value, time: $1)
                }
                try AtomicFile.write(Data(records), to: root + "/\(place)/events.out.tfevents.1")
            }
            try write("version_0", [100, 101, 102], 1)
            try write("version_1", [200, 201], 2)
            var reader = ScalarReader(logs: root)
            reader.read()
            let joined = try #require(reader.series.first)
            #expect(reader.series.count == 1 && joined.count == 5)
            // The second start counted from 0 again.
            #expect(joined.segments.map(\.points.count) == [3, 2])
            try write("validation", [100.5, 201.5], 3)
            reader.read()
            #expect(
                reader.series.map(\.name)
                    == ["validation/loss", "version_0/loss", "version_1/loss"])
        }
    }

    @Test func `a damaged event file ends at its damage`() throws {
        try withTemporaryDirectory { root in
            let good = Self.record(tag: "loss", step: 1, value: 1)
            var bad = Self.record(tag: "loss", step: 2, value: 2)
            bad[20] ^= 1
            var huge = Array(repeating: UInt8(0xFF), count: 8)
            huge += huge.withUnsafeBytes {
                withUnsafeBytes(of: TensorBoardFile.masked($0)) { Array($0) }
            }
            for tail in [bad, huge, [1, 2, 3], Array(good.dropLast())] {
                let path = root + "/events.out.tfevents"
                try AtomicFile.write(Data(good + tail + good), to: path)
                var reader = ScalarReader(logs: root)
                reader.read()
                #expect(reader.series.map(\.count) == [1])
            }
        }
    }

    @Test func `a million points keep their spikes in bounded memory`() throws {
        var series = Series(name: "loss", source: .metrics, capacity: 256)
        for step in 0..<1_000_000 {
            let value = step == 345_678 ? 99.0 : step == 765_432 ? -99 : Double(step % 7)
            series.append(
                step: Int64(step), time: nil, value: step == 5 ? .nan : value, attempt: 1)
        }
        let points = series.points
        #expect(points.count <= 256 * 5)
        #expect(points.first?.step == 0 && points.last?.step == 999_999)
        #expect(points.contains { $0.value == 99 && $0.step == 345_678 })
        #expect(points.contains { $0.value == -99 })
        #expect(points.contains { $0.value.isNaN })
        #expect(points.map(\.step) == points.map(\.step).sorted())
        #expect(series.highest?.value == 99)
        let fewer = series.segments[0].points.reduced(to: 16).points
        #expect(fewer.count <= 80 && fewer.contains { $0.value == 99 })
    }

    @Test func `an attempt that goes back is a segment of its own`() {
        var series = Series(name: "loss", source: .metrics)
        for (attempt, steps) in [(1, 0..<10), (2, 6..<20)] {
            for step in steps {
                series.append(step: Int64(step), time: nil, value: 1, attempt: attempt)
            }
        }
        #expect(series.segments.map(\.attempt) == [1, 2])
        #expect(series.segments.map(\.points.count) == [10, 14])
        #expect(!series.stepsRepeat)
        series.append(step: 0, time: nil, value: 1, attempt: 2)
        #expect(series.stepsRepeat && series.segments.count == 2)
    }

    @Test(arguments: [
        "loss=loss: ([0-9.]+)", "loss=(?<step>[0-9]+) (?<value>[0-9.]+)", "a/b=x(\\d+)",
    ])
    func `a pattern of the user's is read`(text: String) throws {
        let pattern = try #require(MetricPattern(text))
        try withTemporaryDirectory { root in
            try append("it 12 0.5 loss: 0.5 x3\n", to: root + "/train.log")
            var reader = ScalarReader(logs: root, patterns: [pattern])
            reader.read()
            let series = try #require(reader.series.first { $0.name == pattern.name })
            #expect(series.last?.value == (pattern.name == "loss" ? 0.5 : 3))
            if text.contains("step") { #expect(series.last?.step == 12) }
        }
    }

    @Test(arguments: ["loss", "=x(.)", "loss=abc", "loss=(", "a\u{1B}=(.)"])
    func `a pattern without a name or a group is refused`(text: String) {
        #expect(MetricPattern(text) == nil)
    }

    @Test func `hostile files cost nothing and end nothing`() throws {
        try withTemporaryDirectory { root in
            let junk = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
            for name in [
                "metrics.jsonl", "observer.jsonl", "train.log", "events.out.tfevents.1",
                "metrics.csv",
            ] {
                try AtomicFile.write(Data(junk), to: root + "/" + name)
            }
            #expect(mkfifo(root + "/fifo.tfevents", 0o600) == 0)
            #expect(symlink("/dev/zero", root + "/zero.tfevents") == 0)
            var reader = ScalarReader(logs: root)
            reader.read()
            #expect(reader.series.allSatisfy { $0.source != .tensorBoard })
            // 600 names: the first 500 are kept.
            try AtomicFile.write(
                Data((0..<600).map { line("name\($0)", 1, "1") }.joined().utf8),
                to: root + "/metrics.jsonl")
            reader.read()
            #expect(reader.isIncomplete && reader.series.count <= 500)
        }
    }
}

/// Gives `body` a directory that is gone afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let scratch = try Scratch()
    try body(scratch.path)
    withExtendedLifetime(scratch) {}
}
