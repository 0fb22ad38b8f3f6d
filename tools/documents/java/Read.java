import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.yaml.snakeyaml.Yaml;

/** Reads each file and prints its content as one line of JSON. */
public class Read {
  public static void main(String[] names) throws Exception {
    var json = new ObjectMapper();
    for (String name : names) {
      Object content = new Yaml().load(Files.readString(Path.of(name)));
      System.out.println(json.writeValueAsString(content));
    }
  }
}
