import Shared

extension GoogleProvider {
    /// A service account for the machines, and a role with exactly what `GooglePermissions` asks for.
    func setup(project: String?) -> SetupText {
        let project = project ?? "PROJECT"
        let account = "train-machine@\(project).iam.gserviceaccount.com"
        let permissions = GooglePermissions.needed.flatMap(\.permissions).sorted()
        return SetupText(
            steps: [
                SetupText.Step(
                    purpose: "The machines' identity; a run gives it the rights on its buckets",
                    commands: [
                        ["gcloud", "iam", "service-accounts", "create", "train-machine"]
                            + ["--project=\(project)"]
                    ]),
                SetupText.Step(
                    purpose: "Who starts runs: a role with exactly what a start and a finish need",
                    commands: [
                        ["gcloud", "iam", "roles", "create", "trainLauncher"]
                            + ["--project=\(project)", "--title=train launcher"]
                            + ["--permissions=\(permissions.joined(separator: ","))"],
                        ["gcloud", "projects", "add-iam-policy-binding", project]
                            + ["--member=user:YOU@EXAMPLE.COM"]
                            + ["--role=projects/\(project)/roles/trainLauncher"],
                    ]),
            ], identity: account)
    }
}
