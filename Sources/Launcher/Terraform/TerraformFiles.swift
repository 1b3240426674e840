import Shared

/// The Terraform files and the bootstrap, compiled into the launcher.
///
/// A test compares this table with the directories.
enum TerraformFiles {
    /// By cloud: the one file that is its own.
    static let clouds: [String: (name: String, bytes: [UInt8])] = [
        "gcp": ("gcp.tf", PackageResources.gcp_tf),
        "aws": ("aws.tf", PackageResources.aws_tf),
        "azure": ("azure.tf", PackageResources.azure_tf),
    ]

    static let shared: [(name: String, bytes: [UInt8])] = [
        ("variables.tf", PackageResources.variables_tf),
        ("outputs.tf", PackageResources.outputs_tf),
    ]

    /// Below `cloud-init/`.
    static let bootstrap: [(name: String, bytes: [UInt8])] = [
        ("agent-stopped.sh", PackageResources.agent_stopped_sh),
        ("bootstrap.sh", PackageResources.bootstrap_sh),
        ("deallocate.sh", PackageResources.deallocate_sh),
        ("startup-script.sh.tftpl", PackageResources.startup_script_sh_tftpl),
        ("train-agent.service", PackageResources.train_agent_service),
        ("train-bootstrap.service", PackageResources.train_bootstrap_service),
        ("train-deallocate.conf", PackageResources.train_deallocate_conf),
        ("train-poweroff.service", PackageResources.train_poweroff_service),
        ("train-poweroff.timer", PackageResources.train_poweroff_timer),
        ("unpack.sh.tftpl", PackageResources.unpack_sh_tftpl),
        ("user-data.yaml.tftpl", PackageResources.user_data_yaml_tftpl),
    ]

    /// Writes what a run of `cloud` needs into `directory`.
    static func write(for cloud: String, to directory: String) throws {
        try makeDirectories(directory + "/cloud-init", mode: 0o700)
        let own = clouds[cloud].map { [$0] } ?? []
        for (name, bytes) in own + shared {
            try AtomicFile.write(Data(bytes), to: "\(directory)/\(name)")
        }
        for (name, bytes) in bootstrap {
            try AtomicFile.write(Data(bytes), to: "\(directory)/cloud-init/\(name)")
        }
    }
}
