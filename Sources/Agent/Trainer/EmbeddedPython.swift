/// The files of `python/ai_training_utils`, compiled into the agent.
///
/// A test compares this table with the directory: a file added there and not here would be missing
/// on the machine only.
enum EmbeddedPython {
    static let files: [(name: String, bytes: [UInt8])] = [
        ("__init__.py", PackageResources.__init___py),
        ("atomic_file.py", PackageResources.atomic_file_py),
        ("event_writer.py", PackageResources.event_writer_py),
        ("hyperparameters.py", PackageResources.hyperparameters_py),
        ("knob.py", PackageResources.knob_py),
        ("line_file.py", PackageResources.line_file_py),
        ("logging_helper.py", PackageResources.logging_helper_py),
        ("monitoring.py", PackageResources.monitoring_py),
        ("path_helper.py", PackageResources.path_helper_py),
        ("tensorboard.py", PackageResources.tensorboard_py),
        ("tuning_file.py", PackageResources.tuning_file_py),
    ]
}
