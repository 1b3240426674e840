/// The files of `python/ai_training_utils`, compiled into the agent.
///
/// A test compares this table with the directory: a file added there and not here would be missing
/// on the machine only.
enum EmbeddedPython {
    static let files: [(name: String, bytes: [UInt8])] = [
        ("__init__.py", PackageResources.__init___py),
        ("_changes.py", PackageResources._changes_py),
        ("_checkpoint_notes.py", PackageResources._checkpoint_notes_py),
        ("_end_mark.py", PackageResources._end_mark_py),
        ("_entry_point.py", PackageResources._entry_point_py),
        ("_guard.py", PackageResources._guard_py),
        ("_journal.py", PackageResources._journal_py),
        ("_knobs_file.py", PackageResources._knobs_file_py),
        ("_leader.py", PackageResources._leader_py),
        ("_loss_huggingface.py", PackageResources._loss_huggingface_py),
        ("_loss_keras.py", PackageResources._loss_keras_py),
        ("_observe.py", PackageResources._observe_py),
        ("_observer_file.py", PackageResources._observer_file_py),
        ("_optimizer_knobs.py", PackageResources._optimizer_knobs_py),
        ("_optimizer_watch.py", PackageResources._optimizer_watch_py),
        ("_ranks.py", PackageResources._ranks_py),
        ("_replay.py", PackageResources._replay_py),
        ("_requests.py", PackageResources._requests_py),
        ("_tuning.py", PackageResources._tuning_py),
        ("alerts.py", PackageResources.alerts_py),
        ("atomic_file.py", PackageResources.atomic_file_py),
        ("checkpoint_request.py", PackageResources.checkpoint_request_py),
        ("event_writer.py", PackageResources.event_writer_py),
        ("huggingface.py", PackageResources.huggingface_py),
        ("hyperparameters.py", PackageResources.hyperparameters_py),
        ("keras.py", PackageResources.keras_py),
        ("knob.py", PackageResources.knob_py),
        ("lightning.py", PackageResources.lightning_py),
        ("line_file.py", PackageResources.line_file_py),
        ("logging_helper.py", PackageResources.logging_helper_py),
        ("monitoring.py", PackageResources.monitoring_py),
        ("path_helper.py", PackageResources.path_helper_py),
        ("stop_request.py", PackageResources.stop_request_py),
        ("tensorboard.py", PackageResources.tensorboard_py),
    ]
}
