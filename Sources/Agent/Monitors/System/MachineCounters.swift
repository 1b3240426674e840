import Shared

/// What the kernel has counted so far: processor time, bytes of disks and networks; and the memory.
///
/// Two of them, some seconds apart, make a `MachineLoad`. All fields are nil where the kernel does not
/// tell, as on macOS.
struct MachineCounters: Sendable, Equatable {
    /// Of all cores, in clock ticks.
    var busyTicks: UInt64?
    var allTicks: UInt64?
    /// In bytes.
    var memoryTotal: Int64?
    var memoryUsed: Int64?
    /// Of all whole disks, in bytes.
    var diskRead: UInt64?
    var diskWritten: UInt64?
    /// Of all networks but the loopback, in bytes.
    var netReceived: UInt64?
    var netSent: UInt64?

    /// Reads `/proc` below `root`.
    init(root: String = "") {
        readProcessor(kernelText(root + "/proc/stat") ?? "")
        readMemory(kernelText(root + "/proc/meminfo") ?? "")
        readDisks(kernelText(root + "/proc/diskstats") ?? "") { name in
            exists("\(root)/sys/block/\(name)")
        }
        readNetworks(kernelText(root + "/proc/net/dev") ?? "") { name in
            exists("\(root)/sys/class/net/\(name)/device")
        }
    }

    init() {}

    /// `cpu  user nice system idle iowait irq softirq steal guest guest_nice` (proc(5)); guests are
    /// counted as user already.
    mutating func readProcessor(_ text: String) {
        guard let line = text.split(separator: "\n").first, line.hasPrefix("cpu ") else { return }
        let fields = line.split(separator: " ").dropFirst().prefix(8).map { UInt64($0) ?? 0 }
        guard fields.count >= 5 else { return }
        let all = fields.reduce(0, &+)
        allTicks = all
        busyTicks = all &- fields[3] &- fields[4]
    }

    /// Used is what no program can have without swapping: all but `MemAvailable`, in KiB.
    mutating func readMemory(_ text: String) {
        var found: [Substring: Int64] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 2, fields[0] == "MemTotal:" || fields[0] == "MemAvailable:",
                let size = Int64(fields[1]), (0..<1 << 50).contains(size)
            else { continue }
            found[fields[0]] = size << 10
            if found.count == 2 { break }
        }
        memoryTotal = found["MemTotal:"]
        if let total = memoryTotal, let free = found["MemAvailable:"] {
            memoryUsed = max(0, total - free)
        }
    }

    /// Name, sectors read and sectors written are the fields 3, 6 and 10; a sector has 512 bytes
    /// whatever the disk (Documentation/admin-guide/iostats.rst).
    ///
    /// - Parameter isWhole: whether that is no partition; what lies on other disks counts there.
    mutating func readDisks(_ text: String, isWhole: (Substring) -> Bool) {
        let layers = ["loop", "ram", "zram", "dm-", "md"]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 10, let read = UInt64(fields[5]), let written = UInt64(fields[9]),
                !layers.contains(where: { fields[2].hasPrefix($0) }), isWhole(fields[2])
            else { continue }
            diskRead = (diskRead ?? 0) &+ read &* 512
            diskWritten = (diskWritten ?? 0) &+ written &* 512
        }
    }

    /// `name: received … sent …`: bytes are the fields 1 and 9 (proc_net(5)).
    ///
    /// - Parameter isDevice: whether that is a card; bridges and tunnels count its bytes once more.
    mutating func readNetworks(_ text: String, isDevice: (Substring) -> Bool) {
        var cards: (UInt64, UInt64)?
        var others: (UInt64, UInt64)?
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let name = parts[0].split(separator: " ").last, name != "lo"
            else { continue }
            let fields = parts[1].split(separator: " ")
            guard fields.count >= 9, let received = UInt64(fields[0]), let sent = UInt64(fields[8])
            else { continue }
            if isDevice(name) {
                cards = ((cards?.0 ?? 0) &+ received, (cards?.1 ?? 0) &+ sent)
            } else {
                others = ((others?.0 ?? 0) &+ received, (others?.1 ?? 0) &+ sent)
            }
        }
        // A container has no card of its own.
        guard let sums = cards ?? others else { return }
        (netReceived, netSent) = sums
    }
}
