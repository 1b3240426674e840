import Shared

/// All that `train watch` shows of a run at one moment.
struct WatchModel: Sendable {
    let name: RunName
    var status: RunStatus?
    var source: SourceKind
    /// Why nothing new can be seen, where that is so.
    var trouble: String?
    /// As nvidia-smi says, a line for each GPU; empty where nothing says.
    var gpus: [GPUReading] = []
    var curves = CurvePane()
    /// The newest last.
    private(set) var lines: [String] = []
    /// The line under way, such as a progress bar.
    var update: String?

    /// More than any terminal has rows.
    private static let mostLines = 1000

    init(name: RunName, source: SourceKind) {
        self.name = name
        self.source = source
    }

    mutating func append(_ line: String) {
        lines.append(line)
        if lines.count > Self.mostLines { lines.removeFirst(lines.count - Self.mostLines) }
        update = nil
    }
}

/// What one GPU does, as `nvidia-smi --query-gpu` answers.
struct GPUReading: Sendable, Equatable {
    var name: String
    /// Percent of the time in which a kernel ran.
    var utilisation: Int?
    /// MiB.
    var memoryUsed: Int?
    var memoryTotal: Int?
    /// Watts.
    var power: Int?
    /// Degrees Celsius.
    var temperature: Int?

    static let words = [
        "nvidia-smi",
        "--query-gpu=name,utilization.gpu,memory.used,memory.total,power.draw,temperature.gpu",
        "--format=csv,noheader,nounits",
    ]

    /// Reads `NVIDIA L4, 97, 20114, 23034, 71.23, 64`, a line for each GPU; what a GPU does not tell is
    /// `[N/A]`.
    static func all(in output: String) -> [GPUReading] {
        output.split(whereSeparator: \.isNewline).prefix(64).compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { field in
                String(field.drop { $0 == " " })
            }
            guard fields.count == 6, !fields[0].isEmpty, !fields[0].hasPrefix("[") else {
                return nil
            }
            let numbers = fields.dropFirst().map { text in
                Double(text).flatMap { $0.isFinite && abs($0) < 1e9 ? Int($0.rounded()) : nil }
            }
            return GPUReading(
                name: oneLine(String(fields[0].prefix(60))), utilisation: numbers[0],
                memoryUsed: numbers[1], memoryTotal: numbers[2], power: numbers[3],
                temperature: numbers[4])
        }
    }

    var text: String {
        var words = [name]
        if let utilisation { words.append("\(utilisation) %") }
        if let memoryUsed, let memoryTotal {
            let unit = Int64(1 << 20)
            words.append(
                "\(readable(bytes: Int64(memoryUsed) * unit)) of "
                    + readable(bytes: Int64(memoryTotal) * unit))
        }
        if let power { words.append("\(power) W") }
        if let temperature { words.append("\(temperature) °C") }
        return words.joined(separator: " · ")
    }
}
