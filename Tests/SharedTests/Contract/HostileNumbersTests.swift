import Shared
import TestSupport
import Testing

/// Numbers, dates and depths that nobody writes who means well: an error or a value, never a trap.
@Suite struct HostileNumbersTests {
    private func manifest(_ files: String, _ more: String = "") -> Data {
        Data(
            """
            {"version": 1, "generation": 1, "created_at": "2026-01-31T12:00:00Z", "final": true,
             "files": [\(files)]\(more)}
            """.utf8)
    }

    private func file(_ numbers: String) -> String { #"{"path": "output/x", \#(numbers)}"# }

    @Test(arguments: [
        (#""size": -1, "mtime": 0, "crc32c": 0"#, "'files[0].size' is -1, which no file has"),
        (#""size": -9223372036854775808, "mtime": 0, "crc32c": 0"#, "which no file has"),
        (#""size": 9223372036854775808, "mtime": 0, "crc32c": 0"#, "a number out of range"),
        (#""size": 1e400, "mtime": 0, "crc32c": 0"#, "a number out of range"),
        (#""size": 1.5, "mtime": 0, "crc32c": 0"#, "a number out of range"),
        (#""size": "7", "mtime": 0, "crc32c": 0"#, "files[0].size"),
        (#""size": 7, "mtime": 1e30, "crc32c": 0"#, "a number out of range"),
        (#""size": 7, "mtime": 0, "crc32c": -1"#, "a number out of range"),
        (#""size": 7, "mtime": 0, "crc32c": 4294967296"#, "a number out of range"),
    ])
    func `a manifest with such a file is refused by one line`(numbers: String, words: String) {
        let failure = #expect(throws: Failure.self) {
            try JSONFormat.decode(Manifest.self, from: manifest(file(numbers)), name: "manifest")
        }
        #expect(failure?.summary.contains(words) == true, "\(failure?.summary ?? "")")
        #expect(failure?.summary.contains("\n") == false)
    }

    @Test
    func `sizes that do not add up to a number are refused, and a sum of them is the greatest`() {
        let huge = file(#""size": 9223372036854775807, "mtime": 0, "crc32c": 0"#)
        let failure = #expect(throws: Failure.self) {
            try JSONFormat.decode(Manifest.self, from: manifest("\(huge), \(huge)"), name: "m")
        }
        #expect(failure?.summary.contains("'files[1].size' is 9223372036854775807") == true)
        #expect([Int64.max, .max, 1].byteSum == .max)
        #expect([-1, 5, .min].byteSum == 5)
    }

    @Test(arguments: ["9223372036854775807", "-1"])
    func `a generation that cannot be counted on is refused`(number: String) {
        let text = String(decoding: manifest(""), as: UTF8.self)
            .replacing("\"generation\": 1", with: "\"generation\": \(number)")
        #expect(throws: Failure.self) {
            try JSONFormat.decode(Manifest.self, from: Data(text.utf8), name: "m")
        }
    }

    @Test func `the times of a file may be anything`() throws {
        for time in [Int64.min, -1, 0, .max] {
            let data = manifest(file(#""size": 1, "mtime": \#(time), "crc32c": 0"#))
            #expect(
                try JSONFormat.decode(Manifest.self, from: data, name: "m").files[0].mtime == time)
        }
    }

    @Test func `checking files of impossible sizes does not overflow`() async {
        let entry = Manifest.Entry(path: "output/x", size: .max, mtime: 0, crc32c: 0)
        let manifest = Manifest(
            generation: 1, createdAt: Date(timeIntervalSince1970: 0), final: true,
            files: [entry, entry, entry])
        let found = await ManifestCheck.compare(manifest, directory: "/nowhere") { _ in }
        #expect(found.count == 3)
        #expect(manifest.totalBytes == .max)
    }

    /// A good status with something else in the place of a field.
    @Test(arguments: [
        ("\"attempt\" : 1", "\"attempt\" : 9223372036854775807"),
        ("\"attempt\" : 1", "\"attempt\" : -9223372036854775808"),
        ("\"restarts\" : 0", "\"restarts\" : 9223372036854775807"),
        ("\"restarts\" : 0", "\"restarts\" : 1e19"),
        ("\"attempt\" : 1", "\"attempt\" : NaN"),
        ("\"phases\" : [", "\"phases\" : 7, \"x\" : ["),
        ("\"version\" : 1", "\"version\" : -9223372036854775809"),
        ("\"attempt\" : 1", #""attempt" : "# + nested(500)),
        ("\"version\" : 1", #""version" : 1, "x" : "# + nested(100_000)),
        ("2026-01-31T12:00:00Z", "9999999999999-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00Z", "-9223372036854775808-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00Z", "2026-99-99T99:99:99Z"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+99:99"),
        ("2026-01-31T12:00:00Z", ""),
    ])
    func `a hostile status is an error`(good: String, bad: String) async throws {
        let text = try Self.status()
        #expect(text.contains(good))
        let hostile = Data(text.replacing(good, with: bad).utf8)
        // On a task's thread, whose stack is the smallest.
        await Task.detached {
            _ = #expect(throws: Failure.self) {
                try JSONFormat.decode(RunStatus.self, from: hostile, name: "status.json")
            }
        }.value
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    private static func status() throws -> String {
        let date = try Date("2026-01-31T12:00:00Z", strategy: .iso8601)
        let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        return String(
            decoding: try JSONFormat.encode(RunStatus(run: run, startedAt: date)), as: UTF8.self)
    }

    @Test(arguments: ["0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00Z"])
    func `a date far away is read, or refused, and can be shown`(text: String) throws {
        let data = Data(try Self.status().replacing("2026-01-31T12:00:00Z", with: text).utf8)
        guard let status = try? JSONFormat.decode(RunStatus.self, from: data, name: "s") else {
            return
        }
        #expect(!status.startedAt.formatted(.iso8601).isEmpty)
        let age = Date(timeIntervalSince1970: 0).timeIntervalSince(status.startedAt)
        #expect(!TimeSpan(seconds: age).description.isEmpty)
    }

    @Test(
        arguments: [
            (-1, -1, 999_999_999), (-1_500_000_000, -2, 500_000_000), (-2_000_000_000, -2, 0),
            (0, 0, 0), (1_500_000_000, 1, 500_000_000), (.max, 9_223_372_036, 854_775_807),
            (.min, -9_223_372_037, 145_224_192),
        ] as [(Int64, Int, Int)])
    func `a file's time counts its nanoseconds forwards`(time: Int64, seconds: Int, rest: Int) {
        let found = timespec(nanoseconds: time)
        #expect(found.tv_sec == seconds)
        #expect(found.tv_nsec == rest)
    }
}
