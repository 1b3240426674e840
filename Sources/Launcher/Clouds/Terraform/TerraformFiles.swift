import Shared

/// The Terraform files and the bootstrap, compiled into the launcher.
///
/// A test compares this table with the directories.
enum TerraformFiles {
    /// The same for all clouds; a cloud's own are its provider's `terraformFiles`.
    static let shared: [TerraformFile] = [
        TerraformFile(name: "variables.tf", bytes: PackageResources.variables_tf),
        TerraformFile(name: "settings.tf", bytes: PackageResources.settings_tf),
        TerraformFile(name: "outputs.tf", bytes: PackageResources.outputs_tf),
    ]

    /// Below `cloud-init/`.
    static let bootstrap: [(name: String, bytes: [UInt8])] = [
        ("agent-stopped.sh", PackageResources.agent_stopped_sh),
        ("bootstrap.sh", PackageResources.bootstrap_sh),
        ("deallocate.sh", PackageResources.deallocate_sh),
        ("put-off-shutdown.py", PackageResources.put_off_shutdown_py),
        ("startup-script.sh.tftpl", PackageResources.startup_script_sh_tftpl),
        ("train-agent.service", PackageResources.train_agent_service),
        ("train-bootstrap.service", PackageResources.train_bootstrap_service),
        ("train-deallocate.conf", PackageResources.train_deallocate_conf),
        ("train-poweroff.service", PackageResources.train_poweroff_service),
        ("train-poweroff.timer", PackageResources.train_poweroff_timer),
        ("train-put-off-shutdown.service", PackageResources.train_put_off_shutdown_service),
        ("train-put-off-shutdown.timer", PackageResources.train_put_off_shutdown_timer),
        ("unpack.sh.tftpl", PackageResources.unpack_sh_tftpl),
        ("user-data.yaml.tftpl", PackageResources.user_data_yaml_tftpl),
    ]

    /// Writes all that a run on one cloud needs into `directory`.
    static func write(_ own: [TerraformFile], to directory: String) throws {
        try makeDirectories(directory + "/cloud-init", mode: 0o700)
        for file in own + shared {
            try AtomicFile.write(Data(file.bytes), to: "\(directory)/\(file.name)", mode: 0o600)
        }
        for (name, bytes) in bootstrap {
            try AtomicFile.write(Data(bytes), to: "\(directory)/cloud-init/\(name)", mode: 0o600)
        }
    }
}
