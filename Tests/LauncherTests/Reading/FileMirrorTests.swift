import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct FileMirrorTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `only what is new comes, and only what TensorBoard reads`() async throws {
        let source = GrowingFile()
        let mirror = FileMirror(source: source, directory: scratch.path)
        source.append("12345", to: "logs/a/events.out.tfevents.1.host")
        source.append("x", to: "logs/train.log")
        source.append("xyz", to: "output/runs/events.out.tfevents.2")
        source.append("xyz", to: "output/events.out.tfevents.3.partial")
        source.append("evil", to: "logs/../../tfevents")
        #expect(try await mirror.update() == 8)
        #expect(scratch.read("logs/a/events.out.tfevents.1.host") == "12345")
        #expect(scratch.read("output/runs/events.out.tfevents.2") == "xyz")
        #expect(mirror.places().map(\.name) == ["logs", "output"])
        let reads = source.reads
        #expect(try await mirror.update() == 0)
        #expect(source.reads == reads)

        source.append("678", to: "logs/a/events.out.tfevents.1.host")
        #expect(try await mirror.update() == 3)
        #expect(source.reads == reads + 1)
        #expect(scratch.read("logs/a/events.out.tfevents.1.host") == "12345678")
        // A shorter one is another one.
        source.set(Array("ab".utf8), at: "logs/a/events.out.tfevents.1.host")
        #expect(try await mirror.update() == 2)
        #expect(scratch.read("logs/a/events.out.tfevents.1.host") == "ab")
        let all = try FileManager.default.subpathsOfDirectory(atPath: scratch.path)
        #expect(all.filter { !isDirectory(scratch.path + "/" + $0) }.count == 2)
    }
}
