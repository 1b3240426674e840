/// What a machine was busy with for some seconds; a field that nothing tells is nil.
package struct MachineLoad: Codable, Sendable, Equatable {
    /// One GPU, as its driver tells.
    package struct GPU: Codable, Sendable, Equatable {
        package var index: Int
        /// Of the time in which a kernel ran.
        package var percent: Double?
        /// In bytes.
        package var memoryUsed: Int64?
        package var memoryTotal: Int64?
        package var celsius: Double?
        package var watts: Double?

        package init(index: Int) { self.index = index }

        /// Such as `GPU 0 97 % 40/80 GB 71 °C`.
        package var text: String {
            var text = "GPU \(index)"
            if let percent { text += " \(whole(percent)) %" }
            if let used = memoryUsed, let total = memoryTotal {
                text += " \(used / 1_000_000_000)/\(total / 1_000_000_000) GB"
            }
            if let celsius { text += " \(whole(celsius)) °C" }
            return text
        }
    }

    /// Of all cores together, in percent.
    package var processor: Double?
    /// In bytes.
    package var memoryUsed: Int64?
    package var memoryTotal: Int64?
    /// Where output is written, in bytes.
    package var diskFree: Int64?
    /// Of all disks and networks, in bytes a second.
    package var diskRead: Double?
    package var diskWritten: Double?
    package var netReceived: Double?
    package var netSent: Double?
    package var gpus: [GPU]

    package init(gpus: [GPU] = []) { self.gpus = gpus }

    /// One line for a person; nil where nothing is known.
    package var text: String? {
        var words: [String] = gpus.prefix(8).map(\.text)
        if let processor { words.append("CPU \(whole(processor)) %") }
        if let used = memoryUsed, let total = memoryTotal {
            words.append("memory \(used / 1_000_000_000)/\(total / 1_000_000_000) GB")
        }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}

/// The nearest whole number, whatever a file says.
private func whole(_ value: Double) -> Int {
    value.isFinite ? Int(min(1e9, max(-1e9, value)).rounded()) : 0
}
