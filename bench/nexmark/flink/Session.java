import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** A cluster within this process, and scripts that run on it. */
final class Session {
    private final MiniCluster cluster;
    private final int port;
    private final Configuration options = new Configuration();

    Session(int parallelism, Map<String, String> options) throws Exception {
        options.forEach(this.options::setString);
        this.options.setString("parallelism.default", Integer.toString(parallelism));
        Configuration configuration = new Configuration(this.options);
        configuration.setString("rest.address", "localhost");
        configuration.setString("rest.bind-port", "0");
        MiniClusterConfiguration.Builder settings = new MiniClusterConfiguration.Builder();
        settings.setConfiguration(configuration).setNumTaskManagers(1).setNumSlotsPerTaskManager(parallelism);
        cluster = new MiniCluster(settings.build());
        cluster.start();
        port = cluster.getRestAddress().get().getPort();
    }

    /** Runs a script whose statements end where a line ends with a semicolon, each to its end. Its tables are its own. */
    void run(String script) throws Exception {
        TableEnvironment tables =
                StreamTableEnvironment.create(StreamExecutionEnvironment.createRemoteEnvironment("localhost", port, options));
        for (String statement : script.replaceAll("(?m)^--.*", "").split("(?m);\\s*$")) {
            if (!statement.isBlank()) {
                await(tables.executeSql(statement));
            }
        }
    }

    /** Asks the cluster itself: a client would ask over and over, and learn of the end late. */
    private void await(TableResult running) throws Exception {
        if (running.getJobClient().isEmpty()) {
            return;
        }
        JobID job = running.getJobClient().get().getJobID();
        JobResult result = cluster.requestJobResult(job).get();
        result.toJobExecutionResult(Session.class.getClassLoader());
    }
}
