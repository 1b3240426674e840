import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct NewestFileTests {
    @Test func `the newest file counts, ours and those of tomorrow do not`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let now = Date()
        func write(_ path: String, ago seconds: Double) throws {
            let path = directory.path + "/" + path
            try makeDirectories(parentDirectory(path))
            try AtomicFile.write(Data("x".utf8), to: path)
            let moment = Int64(now.timeIntervalSince1970 - seconds) * 1_000_000_000
            var times = [timespec(nanoseconds: moment), timespec(nanoseconds: moment)]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        }
        #expect(NewestFile.age(in: [directory.path], at: now) == nil)
        try write("old", ago: 5000)
        try write("checkpoints/a/model.pt", ago: 100)
        try write("agent.log", ago: 1)
        try write("unpacked", ago: -100_000)
        let age = NewestFile.age(in: [directory.path], at: now) { $0 == "agent.log" }
        #expect(age.map { (99...102).contains($0) } == true)
    }

    @Test func `what is not answered in time is not waited for`() async {
        let isOver = Latch()
        defer { isOver.set() }
        let answer = await TimeLimit.value(within: .milliseconds(1), ContinuousClock()) {
            await offTaskThreads { () -> Int? in
                while !isOver.isSet { usleep(1000) }
                return 1
            }
        }
        #expect(answer == nil)
    }
}
