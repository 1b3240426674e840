import Shared

/// One GPU as nvidia-smi lists it.
struct GPU: Sendable, Equatable {
    var name: String
    var driver: String
    /// MiB.
    var memory: Int
}

/// Asks the driver what GPUs there are.
enum NvidiaSMI {
    static let command = Command(
        "nvidia-smi",
        ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"])

    /// Reads `NVIDIA L4, 550.54.15, 23034`, a line for each GPU.
    ///
    /// A GPU that has fallen off the bus is listed with `[Unknown Error]` or `[N/A]`: not a GPU.
    static func gpus(from output: String) -> [GPU] {
        output.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ",").map { $0.trimmed }
            guard fields.count == 3, !fields[0].isEmpty, !fields[0].hasPrefix("["),
                let memory = Int(fields[2])
            else { return nil }
            return GPU(name: fields[0], driver: fields[1], memory: memory)
        }
    }

    /// Whether a device of NVIDIA's is on the PCI bus, with or without a driver.
    ///
    /// 0x10de is NVIDIA's vendor number (pci-ids); class 0x03 is a display controller: data
    /// centre GPUs are "3D controllers" (0x0302).
    static func hasHardware(devices: String = "/sys/bus/pci/devices") -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: devices)) ?? []
        return names.contains { name in
            kernelText("\(devices)/\(name)/vendor") == "0x10de"
                && kernelText("\(devices)/\(name)/class")?.hasPrefix("0x03") == true
        }
    }
}
