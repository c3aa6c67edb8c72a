/// A postmaster that accepts connections.
struct Postmaster: Sendable {
    let watch: ProcessWatch
    let socketDirectory: String
    /// It ran already, left behind by an earlier Tessera.
    let wasAdopted: Bool
    /// The version that it runs, as `server_version` gives it.
    let version: String
}
