import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What the driver, the kernel and this machine's files may say before a GPU can be used.
@Suite struct WaitForGPUTests {
    private let scratch: Scratch
    private let clock = ManualClock()

    init() throws { scratch = try Scratch() }

    private static let listed = "NVIDIA L4, 550.54.15, 23034\n"

    /// A machine with a GPU on its bus.
    private func driver(
        isLoaded: Bool = true, isOnDisk: Bool = true, secureBoot: UInt8? = nil,
        process: String? = nil
    ) throws -> GPUDriver {
        try scratch.write("0x10de\n", to: "sys/bus/pci/devices/0000:00:04.0/vendor")
        try scratch.write("0x030200\n", to: "sys/bus/pci/devices/0000:00:04.0/class")
        try scratch.write("6.8.0-gcp\n", to: "proc/sys/kernel/osrelease")
        try scratch.write("x", to: "lib/modules/6.8.0-gcp/kernel/ext4.ko.zst")
        if isOnDisk {
            try scratch.write("x", to: "lib/modules/6.8.0-gcp/updates/dkms/nvidia.ko.zst")
        }
        if isLoaded { try makeDirectories(scratch.path + "/sys/module/nvidia") }
        if let process { try scratch.write(process + "\n", to: "proc/123/comm") }
        if let secureBoot {
            let name = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
            let directory = scratch.path + "/sys/firmware/efi/efivars"
            try makeDirectories(directory)
            try AtomicFile.write(Data([6, 0, 0, 0, secureBoot]), to: directory + "/" + name)
        }
        return GPUDriver(root: scratch.path)
    }

    /// - Parameters:
    ///   - smi: what nvidia-smi answers, at each call.
    ///   - calls: what a use of the GPUs answers, the last one for ever; empty for success.
    private func answer(
        _ driver: GPUDriver, smi: CommandResult? = nil, uses: [String] = [""],
        dmesg: String = "", isRented: Bool = true
    ) async throws -> GPUWait.Answer {
        let left = LockedList(uses)
        let good = CommandResult(termination: .exited(0), output: Self.listed)
        let runner = ScriptedRunner { command in
            switch command.executable {
            case "nvidia-smi": return smi ?? good
            case "dmesg": return CommandResult(termination: .exited(0), output: dmesg)
            case "python3" where command.arguments == ["-c", EnvironmentTools.tryGPUs]:
                let words = left.next()
                return CommandResult(
                    termination: .exited(words.isEmpty ? 0 : 1), errorOutput: words)
            default: return nil
            }
        }
        return try await GPUWait(
            driver: driver, runner: runner, clock: clock, isRented: isRented
        ).ready()
    }

    private static let silent = CommandResult(
        termination: .exited(9), output: "NVIDIA-SMI has failed because it couldn't communicate")

    @Test func `a GPU that is listed and can be used is ready`() async throws {
        #expect(try await answer(driver()) == .ready("NVIDIA L4"))
        #expect(clock.slept.isEmpty)
    }

    /// NVSwitch machines until the fabric manager is done.
    @Test func `a GPU that is listed and refuses every call is waited for`() async throws {
        let busy = "cuInit: error 802, system not yet initialized"
        #expect(try await answer(driver(), uses: [busy, busy, ""]) == .ready("NVIDIA L4"))
        #expect(clock.slept == [GPUWait.pause, GPUWait.pause])
    }

    @Test func `one that never can be used ends the wait with its words`() async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await answer(driver(), uses: ["cuInit: error 803, driver mismatch"])
        }
        #expect(failure?.detail?.contains("803") == true)
        #expect(clock.slept.count == 180)
    }

    @Test func `on the user's own computer a GPU that nobody can use is no failure`() async throws {
        let found = try await answer(driver(), uses: ["no libcuda"], isRented: false)
        #expect(found == .unproven("NVIDIA L4", reason: "no libcuda"))
    }

    @Test func `an image without a driver that nobody installs is named in two minutes`()
        async throws
    {
        let failure = await #expect(throws: Failure.self) {
            _ = try await answer(
                driver(isLoaded: false, isOnDisk: false), smi: Self.silent)
        }
        #expect(failure?.summary == GPUDriver.Obstacle.notInstalled.summary)
        #expect(clock.slept.count == 24)
    }

    @Test(arguments: ["apt-get", "nvidia-installe", "dkms"])
    func `a driver that is being installed is waited for`(process: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await answer(
                driver(isLoaded: false, isOnDisk: false, process: process), smi: Self.silent)
        }
        #expect(failure?.summary.contains("after 900 s") == true)
    }

    @Test func `secure boot is named where it keeps the driver out`() async throws {
        let failure = await #expect(throws: Failure.self) {
            _ = try await answer(driver(isLoaded: false, secureBoot: 1), smi: Self.silent)
        }
        #expect(failure?.summary == GPUDriver.Obstacle.secureBoot.summary)
        #expect(clock.slept.count == 6)
        let other = await #expect(throws: Failure.self) {
            _ = try await answer(driver(isLoaded: false, secureBoot: 0), smi: Self.silent)
        }
        #expect(other?.summary.contains("after 900 s") == true)
    }

    @Test func `a driver of the wrong branch is named in the kernel's words`() async throws {
        let kernel = """
            [    9.1] NVRM: The NVIDIA GPU 0001:00:00.0 (PCI ID: 10de:1db4)
            [    9.1] NVRM: installed in this system is not supported by open
            [    9.1] NVRM: nvidia.ko because it does not include the required GPU
            """
        let failure = await #expect(throws: Failure.self) {
            _ = try await answer(driver(), smi: Self.silent, dmesg: kernel)
        }
        #expect(failure?.summary.contains("is not supported by open") == true)
        #expect(clock.slept.count == 6)
    }

    @Test func `a machine with the tool and no GPU is a machine without one`() async throws {
        let none = GPUDriver(root: scratch.path)
        #expect(try await answer(none, smi: Self.silent) == .none)
    }
}

/// Items one after the other, the last one for ever.
private final class LockedList: Sendable {
    private let items: Mutex<[String]>
    init(_ items: [String]) { self.items = Mutex(items) }
    func next() -> String { items.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
}
