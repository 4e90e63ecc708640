"""The closed vocabulary of the demo model and the sentences it expects: slots, templates, and the demo's dialogues.

Words stand apart by spaces. Whoever adds words rebuilds the graph (`make_model.sh graph`); the acoustic model knows
phones, not words, and stays as it is as long as no new phone appears.
"""

import pathlib
import random

import yaml

CONFIGS = pathlib.Path(__file__).resolve().parents[3] / "configs"
DIALOGUES = CONFIGS / "demo" / "dialogues.yaml"
EVALUATION = CONFIGS / "evaluation" / "calls.yaml"  # what training never sees: only the words are taken from it
DISTRICT = CONFIGS / "grid" / "district.yaml"

SLOTS = {
    "TOPIC": "停车 物业 漏水 供暖 噪音 垃圾 违法建设 施工 路灯 井盖 社保 占道经营 违章停车 乱停车 私搭乱建 油烟 下水道 停水 停电 停气 电梯 绿化 积水 广告牌 共享单车 充电桩 加装电梯 老旧小区 拆迁 医保 养老 低保 公租房 户口 居住证 公交 路面 树木 消防通道 环境卫生 宠物 扰民 暖气 房屋 燃气 供水 用电 污水 扬尘 健身器材 厕所 流浪狗 小广告",
    "STREET": "前门街道 建国门街道 东花市街道 崇文门外街道 天坛街道 龙潭街道 永定门外街道 体育馆路街道 东直门街道 和平里街道 安定门街道 交道口街道 景山街道 东华门街道 东四街道 朝阳门街道 北新桥街道",
    "PLACE": "小区 胡同 广场 地铁站 公园 学校 医院 市场 路口 大街 社区 居委会 派出所 停车场 饭店 工地 楼道 门口 马路 便道",
    "ROAD": "东单大街 王府井大街 珠市口东大街 广渠门内大街 幸福大街 南锣鼓巷 崇文门外大街 鼓楼东大街 安定门内大街 白桥大街 光明路 体育馆路 法华寺街 金鱼池中区 史家胡同 国子监街 夕照寺街 兴化路 西总布胡同 黄化门街 草厂三条 新中街",
    "DIGIT": "零 一 二 三 四 五 六 七 八 九 幺",
    "D19": "一 二 三 四 五 六 七 八 九",
    "MONTH": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
    "DAY": "一号 二号 三号 四号 五号 六号 七号 八号 九号 十号 十一号 十二号 十三号 十四号 十五号 十六号 十七号 十八号 十九号 二十号 二十一号 二十二号 二十三号 二十四号 二十五号 二十六号 二十七号 二十八号 二十九号 三十号 三十一号",
    "NUM": "一 两 三 四 五 六 七 八 九 十 二十 三十 五十 一百",
    "NAMES": "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 林 郭 何 高 罗",
    "TITLE": "先生 女士",
    "WHEN": "今天 昨天 明天 前天 上午 下午 晚上 早上 夜里 中午 周末 上周 这周 最近 刚才 现在 一直",
    "DEPT": "城管 街道办 物业公司 居委会 派出所 交管局 住建委 环卫 房管所 热力公司 自来水公司 燃气公司 市政 社区 有关部门 相关部门 承办单位",
    "BAN": "不知道 不清楚 不归我管 没办法 管不了 不可能 随便 你去找别人 别问我 爱打不打 我不管 没时间 你急什么 不是跟你说了吗 有完没完 跟我没关系 自己想办法 打错了 听不懂 别废话 不归我们管 不是跟你说过了吗 你问我 我问谁 你问我我问谁 我怎么知道 我哪知道 你自己看着办 爱信不信 你想怎么样 你喊什么 你听不懂吗 随你便 投诉也没用 没人管 不是我的事 我们管不了 办不了 解决不了 急也没用 等着吧 烦不烦 闭嘴 说了多少遍了 别打了 我也没办法 这是规定 快点说 有事快说 你去投诉吧 爱找谁找谁 神经病",
    "RUDE": "你急什么 不是跟你说了吗 不是跟你说过了吗 你问我我问谁 我怎么知道 我哪知道 有完没完 你喊什么 你听不懂吗 闭嘴 说了多少遍了 快点说 烦不烦 别废话 爱信不信",
    "EMO": "着急 生气 满意 不满意 麻烦 严重 危险 影响 气愤 失望 难受 害怕 担心",
    "HOTEMPER": "太 不 像话 了|气死 我 了|受不了 了|我 要 投诉 你们|我 要 找 你们 领导|我 要 曝光|我 要 找 记者|我 要 去 上访|没 完 没 了|欺负 老百姓|骗人|不 负责任|推 来 推 去|踢皮球|混蛋|王八蛋|滚|废物|忍无可忍|打 了 好几 次 了|催 了 好几 遍",
    "PROMISE": "今天|明天|后天|两 小时 内|二十四 小时 内|三 个 工作日 内|五 个 工作日 内|十五 个 工作日 内|七 天 内|一 周 内|月底 之前|下周 一|半 小时 内|当天|马上|立刻",
    "PRAISE": "态度 很 好|服务 很 周到|处理 得 很 快|非常 负责|特别 耐心|办事 效率 高|热情 周到|帮 了 大忙|值得 表扬|真 不错|解决 得 很 好",
    "WHO": "话务员 工作人员 师傅 网格员 社区 书记 民警 保安 同志 大姐 小伙子 姑娘",
    "KIND": "咨询 建议 投诉 举报 求助 表扬",
}

TEMPLATES = """
您好 东城区 九 六 零 一 零 为民 服务 热线 请问 有什么 可以 帮您
您好 东城区 九 六 零 一 零 为民 服务 热线
您好 这里是 东城区 为民 服务 热线 请问 有什么 可以 帮您
您好 {DIGIT} {DIGIT} {DIGIT} 号 话务员 为您 服务 请问 有什么 可以 帮您
您好 请问 有什么 可以 帮您
您好 很 高兴 为您 服务
请问 您 贵姓
请问 怎么 称呼 您
我 姓 {NAMES}
{NAMES} {TITLE} 您好
好的 {NAMES} {TITLE} 请稍等
请稍等 我 帮您 查询 一下
请您 稍等 我 为您 记录 一下
感谢 您的 来电 再见
感谢 您的 来电 祝您 生活 愉快 再见
感谢 您 对 我们 工作 的 支持 再见
请问 您 还有 其他 问题 吗
请问 还有 什么 可以 帮您 的 吗
没有 了 谢谢 再见
好的 谢谢 您
不 客气 再见
不好意思 让您 久等 了
对不起 给您 带来 不便
非常 抱歉 给您 添 麻烦 了
请问 您 反映 的 问题 在 什么 地方
请问 您的 具体 地址 是 哪里
请问 具体 位置 在 哪里
请问 您的 联系 电话 是 多少
请问 您的 电话 号码 是 多少
我的 电话 是 一 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
电话 号码 是 幺 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
您的 工单 编号 是 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
工单 编号 {DIGIT} {DIGIT} {DIGIT} {DIGIT}
我 要 投诉 {TOPIC} 问题
我 要 反映 {TOPIC} 的 问题
我 想 咨询 一下 {TOPIC} 的 问题
我 想 问 一下 {TOPIC} 怎么 办理
我 想 举报 {PLACE} {TOPIC}
我 家 {TOPIC} 了 没有 人 管
我们 {PLACE} {TOPIC} 问题 很 {EMO}
{STREET} {PLACE} 有 {TOPIC} 问题
我 在 {STREET} {ROAD} {NUM} 号 院 {NUM} 号楼 {NUM} 单元 {D19} {DIGIT} {D19} 室
我 住 在 {STREET} {ROAD} {NUM} 号
地址 是 {STREET} {ROAD} {NUM} 号 院 {NUM} 号楼
{ROAD} {NUM} 号 院 {TOPIC}
{ROAD} {PLACE} 有 人 {TOPIC}
{WHEN} {PLACE} {TOPIC} 影响 居民 生活
{WHEN} 开始 {TOPIC} 已经 {NUM} 天 了
已经 {NUM} 天 了 还 没有 解决
{MONTH} {DAY} 开始 的
{MONTH} {DAY} {WHEN} 打 过 电话
从 {MONTH} {DAY} 到 {MONTH} {DAY}
我 {MONTH} {DAY} 反映 过 {TOPIC} 的 问题 没有 人 处理
希望 {DEPT} 尽快 处理
希望 {DEPT} 尽快 解决 {TOPIC} 的 问题
请 {DEPT} 来 看 一下
我们 会 转 给 {DEPT} 处理
您 反映 的 {TOPIC} 问题 我们 已经 记录 会 尽快 转 给 {STREET} 处理
您 反映 的 问题 已经 记录 我们 会 尽快 派单 给 {DEPT}
我 给您 核对 一下 您 在 {STREET} {ROAD} 反映 {TOPIC} 问题 对 吗
{DEPT} 会 在 {NUM} 个 工作日 内 给您 回复
请您 保持 电话 畅通
请您 耐心 等待
工作人员 会 跟 您 联系
这个 {BAN}
这个 问题 {BAN}
我 {BAN}
{BAN}
{BAN} 您 问 {DEPT} 吧
我 也 {BAN} 你 打 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
{TOPIC} 的 事 {BAN}
是 的
对 是 的
好的
嗯 好的
不是 是 {STREET}
我 很 {EMO}
你们 什么 时候 能 解决
什么 时候 能 来
多长 时间 能 处理
能 不能 快 一点
麻烦 您 再说 一遍
对不起 我 没有 听清 请您 再说 一遍
请您 不要 着急 慢慢 说
我 理解 您的 心情
您 对 处理 结果 满意 吗
非常 满意
不满意 没有 解决
请您 对 本次 服务 进行 评价
现在 是 回访 电话 请问 {TOPIC} 的 问题 解决 了 吗
{TOPIC} 归 {DEPT} 管
{PLACE} 的 {TOPIC} 坏 了
{PLACE} 的 {TOPIC} 不亮 了
{TOPIC} 丢失 了 很 危险
{PLACE} {WHEN} {TOPIC} 声音 很 大
{TOPIC} 味道 很 大
费用 太 高 了
收费 标准 是 多少
需要 什么 材料
请您 带 身份证 到 {DEPT} 办理
办理 时间 是 周一 到 周五 {WHEN} {NUM} 点
一共 {NUM} 户 居民
有 老人 和 孩子
{RUDE}
这个 {RUDE}
您 的 问题 {RUDE}
{BAN} 别 再 打 了
我 怎么 知道 你 问 别人 去
你 自己 不 会 看 吗
你 到底 想 说 什么
都 说 过 了 {RUDE}
{HOTEMPER}
你们 {HOTEMPER}
{TOPIC} {HOTEMPER}
都 {NUM} 个 月 了 {HOTEMPER}
我们 {PROMISE} 给您 答复
{PROMISE} 会 有 人 跟 您 联系
{DEPT} {PROMISE} 到 现场 处理
我们 承诺 {PROMISE} 解决
最晚 {PROMISE} 给您 回复
我 要 表扬 {DEPT} 的 {WHO} {PRAISE}
我 想 表扬 一下 {WHO} {PRAISE}
感谢 你们 的 {WHO} {PRAISE}
谢谢 你们 {PRAISE}
给 {WHO} 点赞
送 一面 锦旗 给 {DEPT}
{STREET} {COMMUNITY} {TOPIC} 问题
我 住 在 {COMMUNITY}
地址 是 {STREET} {COMMUNITY} {NUM} 号楼
{COMMUNITY} {ROAD} {NUM} 号
{COMMUNITY} 的 {TOPIC} 没人 管
{COMMUNITY} 门口 有 人 {TOPIC}
您好 我 要 {KIND}
请问 您 是 要 {KIND} 吗
这里是 {STREET} {COMMUNITY}
早上 好 下午 好 晚上 好
您好 让 您 久 等 了 请讲
请讲 我 在 听
请问 有 什么 需要 帮助
请问 您 现在 方便 吗
您 慢 走 再见
祝您 生活 愉快
感谢 您的 理解 和 配合
谢谢 您的 建议
感谢 您 拨打 东城区 为民 服务 热线 再见
请不要 挂机
请 您 别 挂机 我 马上 查询
我 重复 一遍 您 反映 的 是 {ROAD} {TOPIC} 问题
我 跟您 确认 一下 地址 是 {STREET} {ROAD} {NUM} 号
您 说 的 是 {COMMUNITY} 对 吗
您的 手机 号 是 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} 对 吗
身份证 号码 是 {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT} {DIGIT}
您好 请 保持 冷静
您 先 别 着急
您 别 生气 我 帮您 登记
非常 理解 您的 感受
这个 问题 我 需要 核实 一下
我 帮您 转接 到 {DEPT}
已经 帮您 登记 了 工单 {DIGIT} {DIGIT} {DIGIT} {DIGIT}
您 之前 反映 过 吗
是 第一 次 反映 吗
有 没有 照片 或者 视频
有 人 受伤 吗
什么 时间 发生 的
大概 有 多少 人
具体 是 哪 一 层
几 单元 几 号
离 {PLACE} 不远 就 在 {PLACE} 旁边
在 {ROAD} 和 {ROAD} 交叉 口
{PLACE} 对面 {PLACE} 东边 西边 南边 北边
车 都 停 在 {PLACE} 上 走 不 过去
{WHEN} {NUM} 点 多 就 开始 吵
每天 半夜 都 {TOPIC} 睡不着 觉
孩子 要 考试 了 老人 身体 不好
水 流 到 楼下 了 地上 全是 水
树 倒 了 砸 到 车 了
路 上 有 个 大坑
垃圾桶 满 了 没人 清理
苍蝇 蚊子 特别 多 臭 得 很
他们 天天 在 {PLACE} 烧烤 喝酒 唱歌
物业费 停车费 涨价 了
装修 拆 墙 把 承重墙 拆 了
商户 把 东西 堆 在 {PLACE}
电动车 在 楼道 里 充电
我 已经 打 过 {NUM} 次 电话 了
怎么 还 没有 结果
为什么 不 给 我 答复
到底 谁 来 管 这 件 事
那 我 应该 找 谁
他们 说 归 {DEPT} {DEPT} 说 归 {DEPT}
行 那 我 等 你们 消息
好 那 就 这样 再见
嗯 对 就是 这个 地方
不用 了 谢谢
可以 没 问题
我 听 不 清楚 请 大声 一点
喂 您好 能 听到 吗
""".strip().split("\n")

# One character for nearly every syllable of Mandarin: spoken in random order they teach the acoustic model all phones in
# all neighbourhoods, so that a word added later needs no training.
CHARACTERS = (
    "阿爱安昂傲八白班帮包杯本崩比边表别宾冰波布擦猜参苍草策岑层插柴产长超车陈成吃冲抽出吹春绰此从凑粗村错搭代单当刀得等低点"
    "掉叠丁丢东斗读端对顿多额恩儿发反方飞分风佛否夫嘎该干刚高个给根更工够古瓜怪关光归滚国哈海汗行好喝黑很横红后湖花怀欢黄灰婚火"
    "鸡家间江交街今京九居卷决军卡开看康考课肯坑空口哭夸快宽狂亏困扩拉来蓝浪老乐雷冷里俩连凉料列林零刘龙楼路乱论落旅略妈买慢忙猫"
    "么没门梦米面秒灭民明谬末某木那奶男囊脑呢内嫩能你年娘鸟捏您宁牛弄怒暖挪女虐欧趴拍盘旁跑陪盆朋皮片票撇品平坡剖扑七掐前墙桥切"
    "亲青穷秋区全缺群然让绕热人仍日容肉如软瑞润若撒赛三桑扫色森僧沙晒山商少社谁身生是收书刷帅栓双水顺说四送搜苏算岁孙锁他台谈糖"
    "桃特疼提天条贴听通头土团推吞托挖外完王为文翁我五西下先想小些新星兄休需选学讯压烟阳要也一音英用有鱼元月云杂在赞脏早则贼怎增"
    "扎宅站张找这真正知中周主抓拽专装追准桌字总走租钻嘴尊做"
)

def _dialogue_lines():
    document = yaml.safe_load(DIALOGUES.read_text(encoding="utf-8"))
    lines = [turn["say"] for turn in document["seat_track"]]
    lines += [turn["say"] for dialogue in document["dialogues"] for turn in dialogue["turns"]]
    return sorted(set(lines))


def _held_out():
    calls = yaml.safe_load(EVALUATION.read_text(encoding="utf-8"))
    frames = [frame.replace("{}", "") for frame in calls["planted_in"]]
    return [*calls["forbidden"], *frames, *calls["openings"], *calls["closings"], *calls["seat"], *calls["caller"]]


def _communities():
    document = yaml.safe_load(DISTRICT.read_text(encoding="utf-8"))
    return [community["name"] for street in document["streets"] for community in street["communities"]]


def _choices(text):
    """The choices of a slot: words, or phrases where a stroke stands between them."""
    return [phrase.strip() for phrase in text.split("|")] if "|" in text else text.split()


SLOTS = {name: _choices(text) for name, text in SLOTS.items()}
SLOTS["COMMUNITY"] = _communities()
HELD_OUT = _held_out()
SENTENCES = TEMPLATES + _dialogue_lines()


def _is_slot(word):
    return word.startswith("{")


VOCABULARY = sorted(
    {word for line in SENTENCES + HELD_OUT for word in line.split() if not _is_slot(word)}
    | {word for phrases in SLOTS.values() for phrase in phrases for word in phrase.split()}
)


def fill(template, rng):
    """The template's words, each slot replaced by one of its words."""
    filled = (rng.choice(SLOTS[word[1:-1]]) if _is_slot(word) else word for word in template.split())
    return [word for phrase in filled for word in phrase.split()]


def sample(rng):
    """One or two sentences in a row, as a list of words."""
    sentences = 1 if rng.random() < 0.6 else 2
    return [word for _ in range(sentences) for word in fill(rng.choice(SENTENCES), rng)]


if __name__ == "__main__":
    print(len(VOCABULARY), "words,", len(SENTENCES), "sentences")
    for _ in range(8):
        print(" ".join(sample(random.Random())))
