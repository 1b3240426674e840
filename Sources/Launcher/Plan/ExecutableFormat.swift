import Shared

/// What the head of an executable file says about where it runs.
enum ExecutableFormat: Sendable, Equatable {
    /// `machine` is e_machine of the ELF header; `interpreter`: it needs the dynamic linker.
    case elf(machine: UInt16, interpreter: Bool)
    case machO
    case other

    /// e_machine in the System V ABI, by uname's name.
    private static let machines: [String: UInt16] = [
        "x86_64": 62, "amd64": 62, "aarch64": 183, "arm64": 183,
    ]
    private static let maximumHead = 1 << 16

    /// - Throws: `Failure` where the file cannot be read.
    static func read(_ path: String) throws -> ExecutableFormat {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot read \(quoted(path))") }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: maximumHead)
        let count = pread(descriptor, &head, head.count, 0)
        return parse(Array(head.prefix(max(0, count))))
    }

    /// Reads a 64-bit little-endian ELF header and its program headers; everything is checked
    /// against the bytes that are there.
    static func parse(_ head: [UInt8]) -> ExecutableFormat {
        if head.starts(with: [0xCF, 0xFA, 0xED, 0xFE])
            || head.starts(with: [0xCA, 0xFE, 0xBA, 0xBE])
        {
            return .machO
        }
        // 0x7f ELF, class 64, little endian.
        guard head.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), head.count >= 64 else {
            return .other
        }
        let table = integer(head, at: 32, bytes: 8)
        let size = integer(head, at: 54, bytes: 2)
        let count = integer(head, at: 56, bytes: 2)
        let interpreterKind: UInt64 = 3
        var interpreter = false
        for index in 0..<count {
            let (offset, overflow) = table.addingReportingOverflow(index * size)
            guard !overflow, offset <= UInt64(head.count - 4) else { return .other }
            if integer(head, at: Int(offset), bytes: 4) == interpreterKind { interpreter = true }
        }
        return .elf(
            machine: UInt16(integer(head, at: 18, bytes: 2)), interpreter: interpreter)
    }

    /// Why it does not run on `target`, to follow the file's name; nil where it does.
    func problem(on target: AgentTarget) -> String? {
        switch (self, target.system) {
        case (.elf(let machine, let interpreter), .linux):
            guard machine == Self.machines[target.processor] else {
                let name = Self.machines.keys.sorted().first { Self.machines[$0] == machine }
                return "is for \(name ?? "another processor"), not for \(target.processor)"
            }
            return interpreter ? "is not statically linked, so it may not start there" : nil
        case (.machO, .macOS): return nil
        case (.machO, .linux): return "is for macOS, not for Linux"
        case (.elf, .macOS): return "is for Linux, not for macOS"
        case (.other, _): return "is not an executable for this kind of machine"
        }
    }

    private static func integer(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
        bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
