import Shared

/// What PyTorch's NCCL flight recorder has written on this machine.
///
/// A rank that waits for a collective too long writes the collectives before it to a file of its own
/// (pytorch.org/tutorials/unstable/flight_recorder_tutorial.html).
enum FlightRecorder {
    private static let variable = "TORCH_NCCL_DEBUG_INFO_TEMP_FILE"
    private static let usual = "/tmp/nccl_trace_rank_"
    private static let most = 64

    /// Paths, sorted.
    ///
    /// - Parameter environment: the trainer's.
    static func files(_ environment: [String: String]) -> [String] {
        let prefix = environment[variable] ?? usual
        guard prefix.hasPrefix("/") else { return [] }
        let (directory, start) = (parentDirectory(prefix), fileName(of: prefix))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { name in
            name.hasPrefix(start) && !start.isEmpty
                && name.dropFirst(start.count).allSatisfy {
                    $0.isASCII && $0.isNumber
                }
        }.sorted().prefix(most).map { directory + "/" + $0 }
    }
}
