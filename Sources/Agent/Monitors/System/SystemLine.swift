import Shared

extension MachineLoad {
    /// What the machine was busy with between two looks.
    ///
    /// - Parameters:
    ///   - seconds: between them.
    ///   - diskFree: bytes where output is written.
    init(
        from before: MachineCounters, to now: MachineCounters, seconds: Double, diskFree: Int64?,
        gpus: [GPU]
    ) {
        self.init(gpus: gpus)
        if let busy = Self.growth(before.busyTicks, now.busyTicks),
            let all = Self.growth(before.allTicks, now.allTicks), all > 0
        {
            processor = min(100, busy / all * 100)
        }
        (memoryUsed, memoryTotal) = (now.memoryUsed, now.memoryTotal)
        self.diskFree = diskFree
        guard seconds > 0 else { return }
        func rate(_ old: UInt64?, _ new: UInt64?) -> Double? {
            Self.growth(old, new).map { $0 / seconds }
        }
        diskRead = rate(before.diskRead, now.diskRead)
        diskWritten = rate(before.diskWritten, now.diskWritten)
        netReceived = rate(before.netReceived, now.netReceived)
        netSent = rate(before.netSent, now.netSent)
    }

    /// nil where it is not known, or a disk that was counted is gone.
    private static func growth(_ old: UInt64?, _ new: UInt64?) -> Double? {
        guard let old, let new, new >= old else { return nil }
        return Double(new - old)
    }

    /// A line of `logs/system.jsonl`; its keys are described in docs/reading.md.
    func line(at time: Date) -> String {
        var text = "{\"time\": \(Self.tenths(time.timeIntervalSince1970))"
        func add(_ name: String, _ value: Double?) {
            guard let value, value.isFinite else { return }
            text += ", \"\(name)\": \(Self.tenths(value))"
        }
        func add(_ name: String, _ value: Int64?) {
            guard let value else { return }
            text += ", \"\(name)\": \(value)"
        }
        func rate(_ name: String, _ value: Double?) {
            add(name, value.flatMap { Int64(exactly: $0.rounded()) })
        }
        add("cpu_percent", processor)
        add("memory_used_bytes", memoryUsed)
        add("memory_total_bytes", memoryTotal)
        add("disk_free_bytes", diskFree)
        rate("disk_read_bytes_per_second", diskRead)
        rate("disk_written_bytes_per_second", diskWritten)
        rate("net_received_bytes_per_second", netReceived)
        rate("net_sent_bytes_per_second", netSent)
        for gpu in gpus {
            add("gpu\(gpu.index)_percent", gpu.percent)
            add("gpu\(gpu.index)_memory_used_bytes", gpu.memoryUsed)
            add("gpu\(gpu.index)_memory_total_bytes", gpu.memoryTotal)
            add("gpu\(gpu.index)_celsius", gpu.celsius)
            add("gpu\(gpu.index)_watts", gpu.watts)
        }
        return text + "}\n"
    }

    /// One digit after the point, none where it is zero; without an exponent for all that is a time, a share or a
    /// temperature.
    private static func tenths(_ value: Double) -> String {
        guard abs(value) < 1e15 else { return "0" }
        let tenths = Int64((value * 10).rounded())
        let (whole, rest) = tenths.quotientAndRemainder(dividingBy: 10)
        let sign = tenths < 0 && whole == 0 ? "-" : ""
        return rest == 0 ? "\(whole)" : "\(sign)\(whole).\(abs(rest))"
    }
}
