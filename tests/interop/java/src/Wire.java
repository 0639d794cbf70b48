import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;

/** A connection with Kafka's messages and no client around them, so that what no client sends can be sent. */
final class Wire implements AutoCloseable {
  private static final ExecutorService WAITING = Executors.newCachedThreadPool();

  private final Socket socket;
  private int correlationId = 0;

  Wire() throws IOException {
    String[] address = Check.BOOTSTRAP.split(":");
    socket = new Socket(address[0], Integer.parseInt(address[1]));
    socket.setSoTimeout((int) Check.LIMIT.toMillis());
  }

  @SuppressWarnings("unchecked")
  <T extends ApiMessage> T call(ApiKeys api, int version, ApiMessage request) throws IOException {
    RequestHeaderData header = new RequestHeaderData().setRequestApiKey(api.id).setRequestApiVersion((short) version).setCorrelationId(++correlationId).setClientId("wire");
    ByteBuffer head = MessageUtil.toByteBufferAccessor(header, api.requestHeaderVersion((short) version)).buffer();
    ByteBuffer body = MessageUtil.toByteBufferAccessor(request, (short) version).buffer();
    byte[] frame = ByteBuffer.allocate(4 + head.remaining() + body.remaining()).putInt(head.remaining() + body.remaining()).put(head).put(body).array();
    new DataOutputStream(socket.getOutputStream()).write(frame);

    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] answer = new byte[in.readInt()];
    in.readFully(answer);
    ByteBufferAccessor bytes = new ByteBufferAccessor(ByteBuffer.wrap(answer));
    new ResponseHeaderData().read(bytes, api.responseHeaderVersion((short) version));
    ApiMessage response = api.messageType.newResponse();
    response.read(bytes, (short) version);
    Check.equal(bytes.remaining(), 0, "bytes behind a response of " + api);
    return (T) response;
  }

  /** The answer comes later: the request may wait for others. */
  <T extends ApiMessage> CompletableFuture<T> later(ApiKeys api, int version, ApiMessage request) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return call(api, version, request);
      } catch (IOException e) {
        throw new RuntimeException(e);
      }
    }, WAITING);
  }

  static void error(short got, Errors want, String what) {
    Check.equal(Errors.forCode(got), want, what);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
