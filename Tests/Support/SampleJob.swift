import Shared

extension Job {
    /// The job of a run on this computer that a test starts from: one field is changed where it
    /// matters, and all else is what `objection` accepts.
    ///
    /// - Parameters:
    ///   - root: holds the code, the dataset (`data`), the output, the logs and the agent's work.
    ///   - output: the run's bucket; nil keeps all on this machine.
    package static func sample(
        in root: String = "/w", output: String? = nil,
        createdAt: Date = Date(timeIntervalSince1970: 0)
    ) throws -> Job {
        Job(
            run: try RunName(cloud: "local", projectName: "p", codeName: "c", datasetName: "d"),
            code: Code(source: root + "/code", module: "training_module.main"),
            dataset: root + "/data", output: output,
            directories: Directories(
                work: root + "/work", code: root + "/code", dataset: root + "/data",
                output: root + "/output", logs: root + "/logs"),
            createdAt: createdAt)
    }
}
