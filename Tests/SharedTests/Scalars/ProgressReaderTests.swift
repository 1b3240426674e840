import TestSupport
import Testing

@testable import Shared

@Suite struct ProgressReaderTests {
    private func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
    }

    @Test func `a bar says step, end and time left`() throws {
        try withTemporaryDirectory { root in
            try write("  1%|  | 9/10 [00:00<99:00]\n", to: root + "/train.log")
            let start = Int64(try readFile(root + "/train.log").count)
            var reader = ProgressReader(logs: root, logStart: start, attempt: 1)
            let nothing = reader.look(now: 0)
            #expect(nothing == nil)
            try write(" 4%|4    | 1300/30000 [00:11<04:10, 114.0it/s]\r", to: root + "/train.log")
            let progress = reader.look(now: 1)
            #expect(
                progress
                    == TrainingProgress(
                        step: 1300, total: 30000, secondsLeft: 250, source: "train.log"))
            #expect(progress?.text == "step 1300 of 30000 (4 %), 4m10s left")
        }
    }

    @Test func `the observer's steps with the user's end give a pace`() throws {
        try withTemporaryDirectory { root in
            func line(_ step: Int, attempt: Int) -> String {
                "{\"time\": 1, \"name\": \"observer/lr\", \"value\": 0.1, \"step\": \(step), "
                    + "\"attempt\": \(attempt)}\n"
            }
            let path = root + "/observer.jsonl"
            try write(line(900, attempt: 1), to: path)
            var reader = ProgressReader(logs: root, logStart: 0, attempt: 2, totalSteps: 1000)
            // Of the attempt before.
            let nothing = reader.look(now: 0)
            #expect(nothing == nil)
            try write(line(100, attempt: 2), to: path)
            let first = reader.look(now: 10)
            #expect(first?.step == 100 && first?.secondsLeft == nil)
            try write(line(200, attempt: 2), to: path)
            let found = reader.look(now: 30)
            let progress = try #require(found)
            #expect(progress.step == 200 && progress.total == 1000)
            #expect(progress.secondsLeft == 160)
            #expect(progress.source == "observer")
        }
    }

    @Test func `numbers that nobody can count to are no progress`() {
        let progress = TrainingProgress(
            step: .max, total: .max, secondsLeft: .infinity, source: "log")
        #expect(progress.text.contains("100 %"))
        #expect(!TrainingProgress(step: 1, secondsLeft: -1, source: "").text.contains("left"))
    }
}
