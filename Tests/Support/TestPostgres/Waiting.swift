/// Comes back when something no longer holds that other threads or processes bring about, which tell nobody.
package func waitWhile(_ holds: () throws -> Bool) async throws {
    while try holds() { try await Task.sleep(for: .milliseconds(2)) }
}
