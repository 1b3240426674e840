import Shared
import Testing

@testable import Launcher

@Suite struct ExecutableFormatTests {
    private let intel = AgentTarget(system: .linux, processor: "x86_64")
    private let arm = AgentTarget(system: .linux, processor: "aarch64")

    /// The head of an ELF file with program headers of these kinds.
    private func elf(machine: UInt8, kinds: [UInt8]) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: 64 + kinds.count * 56)
        head.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        head[18] = machine
        head[32] = 64
        head[54] = 56
        head[56] = UInt8(kinds.count)
        for (index, kind) in kinds.enumerated() { head[64 + index * 56] = kind }
        return head
    }

    @Test func `a static executable for this processor has no problem`() {
        let format = ExecutableFormat.parse(elf(machine: 62, kinds: [1, 1, 2]))
        #expect(format == .elf(machine: 62, interpreter: false))
        #expect(format.problem(on: intel) == nil)
        #expect(format.problem(on: arm) == "is for amd64, not for aarch64")
    }

    @Test func `one that needs the dynamic linker is refused`() {
        let format = ExecutableFormat.parse(elf(machine: 183, kinds: [6, 3, 1]))
        #expect(format == .elf(machine: 183, interpreter: true))
        #expect(format.problem(on: arm)?.contains("statically linked") == true)
    }

    @Test(arguments: [
        [], [0x7F], Array("#!/bin/sh\n".utf8), [0x7F, 0x45, 0x4C, 0x46, 1, 1],
        [UInt8](repeating: 0x7F, count: 4096),
    ])
    func `anything else is no executable`(head: [UInt8]) {
        #expect(ExecutableFormat.parse(head) == .other)
        #expect(ExecutableFormat.other.problem(on: intel) != nil)
    }

    @Test func `a head that lies about its tables is refused`() {
        var head = elf(machine: 62, kinds: [1])
        for index in 32..<40 { head[index] = 0xFF }
        head[56] = 0xFF
        head[57] = 0xFF
        #expect(ExecutableFormat.parse(head) == .other)
    }

    @Test func `a program of macOS is told apart`() {
        let format = ExecutableFormat.parse(
            [0xCF, 0xFA, 0xED, 0xFE] + [UInt8](repeating: 0, count: 99))
        #expect(format.problem(on: intel) == "is for macOS, not for Linux")
        #expect(format.problem(on: AgentTarget(system: .macOS, processor: "arm64")) == nil)
    }

    #if os(Linux)
        @Test func `the system's own shell is dynamic, our agent is static`() throws {
            let shell = try ExecutableFormat.read("/bin/sh").problem(on: .thisMachine())
            #expect(shell?.contains("statically linked") == true)
            let agent = parentDirectory(OwnProgram.path()) + "/train-agent"
            #expect(try ExecutableFormat.read(agent).problem(on: .thisMachine()) == nil)
        }
    #endif
}
