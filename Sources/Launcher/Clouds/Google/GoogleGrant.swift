import Shared

/// When Google can hold the machine's identity to a part of a bucket.
extension GoogleProvider {
    /// A condition needs a bucket with uniform access
    /// (cloud.google.com/storage/docs/access-control/iam#conditions). A tool that is not installed, or
    /// may not ask, tells nothing: Google then refuses the condition, if it must, when it is made.
    func wideGrantReason(_ plan: Plan, asking tool: CloudTool) async -> String? {
        guard let bucket = plan.datasetBucket?.bucket else { return nil }
        // Its rsync (seen with 528) first reads an object called like the folder. Who may not list all
        // of the bucket is refused what is not there, and rsync ends at that.
        if plan.access.tool == "gcloud" {
            return "gcloud storage asks for more than the folder; leave --transfer_tool out"
        }
        let said = try? await tool.ask(
            ["storage", "buckets", "describe", "gs://\(bucket)"]
                + ["--format=value(uniform_bucket_level_access)"]
                + ["--project=\(plan.run.projectName)"])
        guard said?.lowercased().contains("false") == true else { return nil }
        return "its access is not uniform; gcloud storage buckets update gs://\(bucket) "
            + "--uniform-bucket-level-access makes it so"
    }
}
