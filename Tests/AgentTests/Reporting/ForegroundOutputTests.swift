import Shared
import TestSupport
import Testing

@testable import Agent

/// The trainer's log on its way to the terminal of a run by hand.
@Suite(.timeLimit(.minutes(5))) struct ForegroundOutputTests {
    private let scratch: Scratch
    private var log: String { scratch.path + "/train.log" }

    init() throws { scratch = try Scratch() }

    /// What is shown of a log that grows by `pieces`.
    private func shown(_ pieces: [String], before: String = "", isTerminal: Bool) async throws
        -> String
    {
        try scratch.write(before, to: "train.log")
        let target = scratch.path + "/shown"
        let descriptor = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let output = ForegroundOutput(
            log: log, from: Int64(before.utf8.count), to: descriptor, isTerminal: isTerminal)
        for piece in pieces { try append(piece) }
        await output.end()
        return String(decoding: try readFile(target), as: UTF8.self)
    }

    private func append(_ text: String) throws {
        let descriptor = open(log, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: log)
    }

    @Test func `a terminal gets every byte, as it is`() async throws {
        let pieces = ["epoch 1\n", "\r 10 %", "\r 20 %\u{1B}[K", "\r\ndone"]
        #expect(try await shown(pieces, before: "old\n", isTerminal: true) == pieces.joined())
    }

    @Test func `elsewhere a progress bar is what it came to`() async throws {
        let pieces = ["epoch 1\n\r 10 %", "\r 20 %", "\r100 %\n", "windows\r\n", "\n", "end"]
        #expect(
            try await shown(pieces, isTerminal: false) == "epoch 1\n100 %\nwindows\n\nend")
    }

    @Test func `a long line without an end is shown in pieces`() async throws {
        let line = String(repeating: "x", count: 200_000)
        #expect(try await shown([line], isTerminal: false) == line)
    }

    @Test func `a log that the training removed is followed anew`() async throws {
        try scratch.write("first\n", to: "train.log")
        let target = scratch.path + "/shown"
        let descriptor = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let output = ForegroundOutput(log: log, from: 0, to: descriptor, isTerminal: true)
        try await Eventually.holds { (try? readFile(target))?.count == 6 }
        unlink(log)
        try scratch.write("second\n", to: "train.log")
        await output.end()
        #expect(String(decoding: try readFile(target), as: UTF8.self) == "first\nsecond\n")
    }

    @Test func `a reader that is gone stops nothing`() async throws {
        try scratch.write("", to: "train.log")
        let (reader, writer) = try Self.pipe()
        close(reader)
        defer { close(writer) }
        SignalStream.ignoreBrokenPipes()
        let output = ForegroundOutput(log: log, from: 0, to: writer, isTerminal: true)
        try append("text\n")
        await output.end()
    }

    @Test func `a terminal that takes nothing is not waited for`() async throws {
        try scratch.write(String(repeating: "x", count: 1 << 20), to: "train.log")
        let (reader, writer) = try Self.pipe()
        let output = ForegroundOutput(log: log, from: 0, to: writer, isTerminal: true)
        await output.end()
        // Lets the thread of the output go on to its end.
        close(reader)
    }

    private static func pipe() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw systemFailure("no pipe") }
        return (ends[0], ends[1])
    }
}
